-- Up Migration

-- Keys that sign the tokens of devices. The private one is encrypted with a key made from the pepper, which is not in the database.
create table token_keys (
  id text primary key,
  public_jwk jsonb not null,
  private_key bytea not null,
  created_at timestamptz not null,
  -- Signs no more from then on; verifies until the last token it signed has expired.
  retires_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > retires_at)
);
alter table token_keys enable row level security;
alter table token_keys force row level security;
create policy migrator on token_keys to milepost_migrator using (true);
create policy staff on token_keys to milepost_app using ((select actor_kind()) = 'system') with check ((select actor_kind()) = 'system');
grant select, insert, delete on token_keys to milepost_app;
