-- Up Migration

-- Codes of sign-in links that were used, as SHA-256: each works once, on whichever process the link leads to. Kept until the code itself is over.
create table used_sign_in_codes (
  digest bytea primary key check (length(digest) = 32),
  expires_at timestamptz not null
);
create index used_sign_in_codes_expiry on used_sign_in_codes (expires_at);
alter table used_sign_in_codes enable row level security;
alter table used_sign_in_codes force row level security;
create policy migrator on used_sign_in_codes to milepost_migrator using (true);
create policy staff on used_sign_in_codes to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()));
grant select, insert, delete on used_sign_in_codes to milepost_app;
