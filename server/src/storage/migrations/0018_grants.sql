-- Up Migration

-- The app that a transaction works for; null: none.
create function actor_app_no() returns int language sql stable parallel safe
  return case when actor_kind() = 'app' then actor_id()::int end;

-- Customers whose grants the person that a transaction works for may give and end.
create function actor_managed_customer_nos() returns setof int language sql stable parallel safe
  begin atomic
    select o.customer_no from organisations o join memberships m using (organisation_no)
    where m.person_no = actor_person_no() and m.role = 'manager' and o.customer_no is not null;
  end;

-- One reader may read items of one vehicle. The state of now; how it came to it is in grant_events.
create table grants (
  grant_no int generated always as identity primary key,
  id text not null unique,
  holder_person_no int references people,
  holder_customer_no int references customers,
  -- An app of a partner, or a person.
  app_no int,
  reader_person_no int references people,
  vehicle_no int not null references vehicles,
  -- [{item, place, time, above}] as docs/consent.md has them.
  items jsonb not null check (jsonb_typeof(items) = 'array'),
  given_items jsonb not null check (jsonb_typeof(given_items) = 'array'),
  purpose text not null check (length(purpose) between 1 and 64),
  purpose_version text not null check (length(purpose_version) <= 64),
  given_at timestamptz not null,
  until_at timestamptz,
  back_to timestamptz not null,
  state text not null check (state in ('active', 'paused', 'ended')),
  -- [[from, to]] in ms.
  pauses jsonb not null check (jsonb_typeof(pauses) = 'array'),
  ended_at timestamptz,
  end_reason text check (length(end_reason) <= 32),
  revision int not null,
  check (num_nonnulls(holder_person_no, holder_customer_no) = 1),
  check (num_nonnulls(app_no, reader_person_no) = 1),
  check ((state = 'ended') = (ended_at is not null)),
  check ((state = 'ended') = (end_reason is not null))
);
-- A reader has one grant of a vehicle for one purpose: a new answer ends the one before.
create unique index grants_live on grants (vehicle_no, coalesce(app_no, 0), coalesce(reader_person_no, 0), purpose) where state <> 'ended';
create index grants_app on grants (app_no) where app_no is not null;
create index grants_reader on grants (reader_person_no) where reader_person_no is not null;
create index grants_holder on grants (holder_person_no) where holder_person_no is not null;
create index grants_customer on grants (holder_customer_no) where holder_customer_no is not null;
create index grants_until on grants (until_at) where state <> 'ended';

-- The truth: each answer with the version of the text that was shown, its language, time and method.
create table grant_events (
  event_no bigint generated always as identity primary key,
  grant_no int not null references grants,
  at timestamptz not null,
  kind text not null check (kind in ('given', 'narrowed', 'paused', 'resumed', 'ended')),
  -- Who did it; null: the server itself.
  by_person_no int references people,
  detail jsonb not null
);
create index grant_events_grant on grant_events (grant_no, event_no);

create table consent_requests (
  request_no int generated always as identity primary key,
  id text not null unique,
  app_no int,
  reader_person_no int references people,
  -- Who is asked.
  person_no int not null references people,
  items jsonb not null check (jsonb_typeof(items) = 'array'),
  vehicle_nos int[] not null check (cardinality(vehicle_nos) <= 50),
  purpose text not null check (length(purpose) between 1 and 64),
  purpose_version text not null check (length(purpose_version) <= 64),
  until_at timestamptz,
  back_days int not null check (back_days between 0 and 3660),
  asked_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > asked_at),
  state text not null check (state in ('asked', 'given', 'refused', 'expired')),
  answered_at timestamptz,
  check (num_nonnulls(app_no, reader_person_no) = 1)
);
create index consent_requests_person on consent_requests (person_no, state);
create index consent_requests_app on consent_requests (app_no, person_no) where app_no is not null;

-- Partners of whom a person wants to be asked nothing.
create table partner_blocks (
  person_no int not null references people,
  organisation_no int not null references organisations,
  at timestamptz not null,
  primary key (person_no, organisation_no)
);

do $$
declare
  name text;
begin
  foreach name in array array['grants', 'grant_events', 'consent_requests', 'partner_blocks'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app, milepost_worker using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
  end loop;
end
$$;

create policy holder on grants to milepost_app using (
  holder_person_no = (select actor_person_no()) or holder_customer_no in (select actor_managed_customer_nos())
) with check (
  holder_person_no = (select actor_person_no()) or holder_customer_no in (select actor_managed_customer_nos())
);
create policy member on grants for select to milepost_app using (holder_customer_no in (select actor_customer_nos()));
create policy reader on grants for select to milepost_app using (
  reader_person_no = (select actor_person_no()) or app_no = (select actor_app_no())
);
-- What may be seen of a grant may be seen of its history; only who may change it adds to it.
create policy seen on grant_events for select to milepost_app using (grant_no in (select g.grant_no from grants g));
create policy act on grant_events for insert to milepost_app with check (
  by_person_no = (select actor_person_no())
  and grant_no in (
    select g.grant_no from grants g
    where g.holder_person_no = (select actor_person_no()) or g.holder_customer_no in (select actor_managed_customer_nos())
  )
);
create policy asked on consent_requests to milepost_app using (person_no = (select actor_person_no()))
  with check (person_no = (select actor_person_no()));
create policy reader on consent_requests for select to milepost_app using (app_no = (select actor_app_no()));
create policy own on partner_blocks to milepost_app using (person_no = (select actor_person_no()))
  with check (person_no = (select actor_person_no()));

-- Nobody deletes a grant, and nothing of its history is ever changed.
grant select, insert, update on grants, consent_requests to milepost_app;
grant select, insert on grant_events to milepost_app;
grant select, insert, delete on partner_blocks to milepost_app;
grant select on grants to milepost_worker;
