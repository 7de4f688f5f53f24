-- Up Migration

-- An app of a partner: a client of OAuth.
create table partner_apps (
  app_no int generated always as identity primary key,
  id text not null unique,
  organisation_no int not null references organisations,
  name text not null check (name = btrim(name) and length(name) between 1 and 200),
  about text not null check (length(about) between 1 and 500),
  homepage text not null check (length(homepage) <= 500),
  privacy_page text not null check (length(privacy_page) <= 500),
  environment text not null check (environment in ('sandbox', 'live')),
  state text not null check (state in ('waiting', 'active', 'suspended')),
  suspended_for text check (length(suspended_for) <= 500),
  redirect_addresses text[] not null check (cardinality(redirect_addresses) <= 20),
  ping_address text check (length(ping_address) <= 500),
  -- What it may ask for, and why: [{item, reason, place, time}].
  items jsonb not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'suspended') = (suspended_for is not null)),
  check (environment = 'live' or state <> 'waiting')
);
create index partner_apps_organisation on partner_apps (organisation_no) where ended_at is null;
create unique index partner_apps_name on partner_apps (organisation_no, environment, name) where ended_at is null;

-- What data are used for, each text as it was at its time: grants name the version that their holder read.
create table app_purposes (
  app_no int not null references partner_apps,
  purpose text not null check (purpose ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  version int not null check (version >= 1),
  language text not null check (length(language) between 2 and 35),
  terms text not null check (length(terms) between 1 and 8000),
  declared_at timestamptz not null,
  primary key (app_no, purpose, version)
);

create table app_secrets (
  -- SHA-256 of 256 random bits.
  digest bytea primary key check (length(digest) = 32),
  id text not null unique,
  app_no int not null references partner_apps,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index app_secrets_app on app_secrets (app_no) where ended_at is null;

do $$
declare
  name text;
begin
  foreach name in array array['partner_apps', 'app_purposes', 'app_secrets'] loop
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
-- Members reach what is of their organisation, whatever a query asks for.
create policy member on partner_apps to milepost_app using (
  organisation_no in (select m.organisation_no from memberships m where m.person_no = (select actor_person_no()))
) with check (
  organisation_no in (select m.organisation_no from memberships m where m.person_no = (select actor_person_no()))
);
create policy member on app_purposes to milepost_app using (app_no in (select a.app_no from partner_apps a))
  with check (app_no in (select a.app_no from partner_apps a));
create policy member on app_secrets to milepost_app using (app_no in (select a.app_no from partner_apps a))
  with check (app_no in (select a.app_no from partner_apps a));

grant select, insert, update on partner_apps, app_secrets to milepost_app;
grant select, insert on app_purposes to milepost_app;
