-- Up Migration

-- Challenges that passkeys have answered, as SHA-256: each works once, in whichever process. Kept until the challenge itself is over.
create table used_challenges (
  digest bytea primary key check (length(digest) = 32),
  expires_at timestamptz not null
);
create index used_challenges_expiry on used_challenges (expires_at);

-- Whom a provider of OpenID knows a person as. An e-mail address links nothing: it is what the provider said last, for people to read.
create table outside_identities (
  id text primary key,
  person_no int not null references people,
  issuer text not null check (length(issuer) between 1 and 512),
  subject text not null check (length(subject) between 1 and 255),
  email text check (length(email) <= 254),
  created_at timestamptz not null,
  last_used_at timestamptz,
  unique (issuer, subject),
  unique (person_no, issuer)
);

do $$
declare
  name text;
begin
  foreach name in array array['used_challenges', 'outside_identities'] loop
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
create policy own on outside_identities to milepost_app
  using (person_no = (select actor_person_no())) with check (person_no = (select actor_person_no()));
grant select, insert, delete on used_challenges to milepost_app;
grant select, insert, update, delete on outside_identities to milepost_app;
