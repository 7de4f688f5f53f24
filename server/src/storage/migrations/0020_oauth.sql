-- Up Migration

-- What the OAuth server remembers: codes, tokens, requests, what was agreed to. Found by SHA-256 of the value that a client bears.
create table oauth_records (
  kind text not null check (length(kind) <= 40),
  digest bytea not null check (length(digest) = 32),
  payload jsonb not null,
  -- The agreement that it is of: ends with it.
  grant_id text check (length(grant_id) <= 64),
  app_id text check (length(app_id) <= 64),
  person_id text check (length(person_id) <= 64),
  -- Of requests that are answered later: the value itself, encrypted under the pepper, because the client is told it again.
  sealed_id bytea check (length(sealed_id) <= 256),
  -- Of an agreement: the grants of vehicle data that it stands for.
  shared_grants text[] check (cardinality(shared_grants) <= 1000),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (kind, digest)
);
create index oauth_records_grant on oauth_records (grant_id) where grant_id is not null;
create index oauth_records_app on oauth_records (app_id) where app_id is not null;
create index oauth_records_person on oauth_records (person_id) where person_id is not null;
create index oauth_records_expiry on oauth_records (expires_at);

-- Keys that id tokens are signed with: the newest signs, those before are published until what they signed has expired.
create table oauth_keys (
  kid text primary key check (length(kid) <= 64),
  -- JWK, encrypted with a key made from the pepper, which is not in the database.
  sealed bytea not null check (length(sealed) <= 2048),
  created_at timestamptz not null
);

do $$
declare
  name text;
begin
  foreach name in array array['oauth_records', 'oauth_keys'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
  end loop;
end
$$;
grant select, insert, update, delete on oauth_records, oauth_keys to milepost_app;
