-- Up Migration

-- The person that a transaction works for; null: none.
create function actor_person_no() returns int language sql stable parallel safe
  return case when actor_kind() = 'person' then actor_id()::int end;

create table organisations (
  organisation_no int generated always as identity primary key,
  id text not null unique default 'org_' || replace(gen_random_uuid()::text, '-', ''),
  kind text not null check (kind in ('platform', 'customer', 'parking_operator', 'partner')),
  name text not null check (name = btrim(name) and length(name) between 1 and 200),
  -- The fleet that it is, and whose name it bears.
  customer_no int unique references customers,
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (kind, name),
  check ((kind = 'customer') = (customer_no is not null))
);
create unique index organisations_platform on organisations (kind) where kind = 'platform';
insert into organisations (kind, name, created_at) values ('platform', 'Milepost', now());
insert into organisations (kind, name, customer_no, created_at) select 'customer', name, customer_no, created_at from customers;

-- Customers are made in several places: each is an organisation from its first moment, and is called the same.
create function keep_organisation_of_customer() returns trigger language plpgsql as $$
begin
  insert into organisations (kind, name, customer_no, created_at) values ('customer', new.name, new.customer_no, new.created_at)
    on conflict (customer_no) do update set name = excluded.name;
  return null;
end
$$;
create trigger keep_organisation after insert or update of name on customers for each row execute function keep_organisation_of_customer();

create table people (
  person_no int generated always as identity primary key,
  id text not null unique,
  -- In small letters: one address is one person, however it is written.
  email text not null unique check (email = lower(email) and length(email) between 3 and 254),
  email_verified_at timestamptz,
  user_name text unique check (user_name ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
  name text not null check (name = btrim(name) and length(name) between 1 and 200),
  language text check (length(language) between 2 and 35),
  -- argon2id as a PHC string; null: none.
  password_hash text,
  -- Encrypted with a key made from the pepper, which is not in the database; counts once it is confirmed.
  totp_secret bytea,
  totp_confirmed_at timestamptz,
  -- The last time step of a code that was used: each works once.
  totp_step bigint,
  created_at timestamptz not null,
  ended_at timestamptz,
  check (totp_confirmed_at is null or totp_secret is not null)
);

create table memberships (
  organisation_no int not null references organisations,
  person_no int not null references people,
  role text not null check (role in ('operator', 'support', 'manager', 'viewer', 'attendant', 'administrator', 'developer')),
  created_at timestamptz not null,
  primary key (organisation_no, person_no)
);
create index memberships_person on memberships (person_no);

create table passkeys (
  passkey_no int generated always as identity primary key,
  id text not null unique,
  person_no int not null references people,
  credential_id bytea not null unique check (length(credential_id) <= 1023),
  public_key bytea not null check (length(public_key) <= 2048),
  -- How often it signed, as far as the authenticator counts; 0: it does not.
  counter bigint not null check (counter >= 0),
  transports text[] not null default '{}',
  is_backed_up boolean not null,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkeys_person on passkeys (person_no);

create table person_sessions (
  -- SHA-256 of the value in the cookie.
  digest bytea primary key check (length(digest) = 32),
  id text not null unique,
  person_no int not null references people,
  method text not null check (method in ('password', 'password_totp', 'passkey', 'outside', 'first_operator')),
  user_agent text not null check (length(user_agent) <= 256),
  address text not null check (length(address) <= 64),
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  -- When the password or the passkey was last asked for.
  confirmed_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index person_sessions_person on person_sessions (person_no) where ended_at is null;
create index person_sessions_expiry on person_sessions (expires_at);

create table access_tokens (
  digest bytea primary key check (length(digest) = 32),
  id text not null unique,
  person_no int not null references people,
  name text not null check (length(name) between 1 and 200),
  -- What it is for; docs/people.md.
  items text[] not null check (cardinality(items) between 1 and 64),
  created_at timestamptz not null,
  last_used_at timestamptz,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index access_tokens_person on access_tokens (person_no) where ended_at is null;

-- What a link in a mail carries: works once.
create table mailed_codes (
  digest bytea primary key check (length(digest) = 32),
  purpose text not null check (purpose in ('sign_up', 'reset_password', 'change_email', 'join')),
  -- null: an account that is not there yet.
  person_no int references people,
  email text not null,
  detail jsonb not null default '{}',
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index mailed_codes_expiry on mailed_codes (expires_at);
create index mailed_codes_email on mailed_codes (email, purpose);

-- Who did what, when, from where: the security-relevant acts of everybody.
create table audit_events (
  event_no bigint generated always as identity,
  at timestamptz not null,
  -- Who: `operator`, `system`, or the number of a person.
  actor text not null,
  actor_person_no int,
  act text not null check (length(act) between 1 and 64),
  -- What it was done to: an id, or empty.
  subject text not null default '' check (length(subject) <= 128),
  subject_person_no int,
  address text not null default '' check (length(address) <= 64),
  detail jsonb not null default '{}',
  primary key (event_no, at)
) partition by range (at);
create index audit_events_at on audit_events (at);
create index audit_events_person on audit_events (subject_person_no, at) where subject_person_no is not null;

-- Months are made ahead and dropped whole by functions of the owner: the server itself may change no table.
create function make_audit_months(from_at timestamptz, months int) returns void language plpgsql security definer set search_path from current as $$
declare
  month timestamptz;
  name text;
begin
  -- Processes tend the log at the same hour.
  perform pg_advisory_xact_lock(hashtext('milepost audit months'));
  for i in 0..months loop
    month := date_trunc('month', from_at at time zone 'UTC') at time zone 'UTC' + make_interval(months => i);
    name := 'audit_events_' || to_char(month at time zone 'UTC', 'YYYY_MM');
    continue when to_regclass(name) is not null;
    execute format('create table %I partition of audit_events for values from (%L) to (%L)', name, month, month + interval '1 month');
    -- Policies of the whole count for who asks the whole; a part by itself is nobody's.
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end
$$;
create function drop_audit_months(before_at timestamptz) returns int language plpgsql security definer set search_path from current as $$
declare
  part record;
  dropped int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('milepost audit months'));
  for part in
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'audit_events'::regclass and c.relname ~ '^audit_events_\d{4}_\d{2}$'
  loop
    if to_date(right(part.name, 7), 'YYYY_MM') + interval '1 month' <= before_at at time zone 'UTC' then
      execute format('drop table %I', part.name);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end
$$;
-- One behind: clocks of processes differ by moments, and months begin in one of them.
select make_audit_months(now() - interval '1 month', 4);

do $$
declare
  name text;
begin
  foreach name in array array['organisations', 'people', 'memberships', 'passkeys', 'person_sessions', 'access_tokens', 'mailed_codes', 'audit_events'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
  end loop;
  -- A person reaches what is their own, whatever a query asks for.
  foreach name in array array['people', 'passkeys', 'person_sessions', 'access_tokens'] loop
    execute format(
      'create policy own on %I to milepost_app using (person_no = (select actor_person_no())) with check (person_no = (select actor_person_no()))',
      name
    );
  end loop;
end
$$;
create policy own on memberships for select to milepost_app using (person_no = (select actor_person_no()));
create policy member on organisations for select to milepost_app using (
  organisation_no in (select m.organisation_no from memberships m where m.person_no = (select actor_person_no()))
);
create policy own on audit_events for select to milepost_app using (subject_person_no = (select actor_person_no()));
create policy act on audit_events for insert to milepost_app with check (actor_person_no = (select actor_person_no()));

grant select, insert, update on organisations, people, person_sessions, access_tokens to milepost_app;
grant select, insert, update, delete on memberships, passkeys, mailed_codes to milepost_app;
grant delete on person_sessions, access_tokens to milepost_app;
grant select, insert on audit_events to milepost_app;
revoke execute on function make_audit_months(timestamptz, int), drop_audit_months(timestamptz) from public;
grant execute on function make_audit_months(timestamptz, int), drop_audit_months(timestamptz) to milepost_app;
