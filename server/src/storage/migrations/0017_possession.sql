-- Up Migration

-- The customer under which vehicles of people are served: it has settings and no members.
alter table customers add column is_private boolean not null default false;
create unique index customers_private on customers (is_private) where is_private;

-- Who held a vehicle when, by sample time. A vehicle without rows has been its customer's from ever.
create table possessions (
  id text primary key,
  vehicle_no int not null references vehicles,
  person_no int references people,
  customer_no int references customers,
  how text not null check (how in ('enrolled', 'transferred', 'claimed')),
  period tstzrange not null check (not isempty(period) and lower_inc(period) and not upper_inc(period)),
  created_at timestamptz not null,
  check (num_nonnulls(person_no, customer_no) = 1),
  exclude using gist (vehicle_no with =, period with &&)
);
create index possessions_person on possessions (person_no) where person_no is not null;
create index possessions_customer on possessions (customer_no) where customer_no is not null;

-- With such a code a person becomes the holder. Short enough to be typed, so it is kept as an HMAC, ends soon and works once.
create table claim_codes (
  digest bytea primary key check (length(digest) = 32),
  vehicle_no int not null references vehicles,
  given_by text not null check (given_by in ('operator', 'holder', 'device')),
  -- Who had it made; null: the bearer of the operator token, or a device.
  person_no int references people,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index claim_codes_expiry on claim_codes (expires_at);
create index claim_codes_vehicle on claim_codes (vehicle_no);

-- Staff who looked at what a private owner keeps to themselves, and why.
create table broken_glass (
  id text primary key,
  vehicle_no int not null references vehicles,
  -- null: the bearer of the operator token.
  person_no int references people,
  reason text not null check (length(reason) between 10 and 1000),
  at timestamptz not null,
  until timestamptz not null check (until > at)
);
create index broken_glass_vehicle on broken_glass (vehicle_no, until);

do $$
declare
  name text;
begin
  foreach name in array array['possessions', 'claim_codes', 'broken_glass'] loop
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

-- Customers of which the person that a transaction works for is a member.
create function actor_customer_nos() returns setof int language sql stable parallel safe
  begin atomic
    select o.customer_no from organisations o join memberships m using (organisation_no)
    where m.person_no = actor_person_no() and o.customer_no is not null;
  end;
create policy held on possessions for select to milepost_app using (
  person_no = (select actor_person_no()) or customer_no in (select actor_customer_nos())
);
-- As they are now: what was before is shown by periods, and not from here.
-- Whoever works for nobody in particular (loading everything, say) is not asked what somebody holds.
create policy held on vehicles for select to milepost_app using (
  (select actor_kind()) = 'person' and case
    when vehicle_no in (select p.vehicle_no from possessions p) then vehicle_no in (select p.vehicle_no from possessions p where upper_inf(p.period))
    else customer_no in (select actor_customer_nos())
  end
);
create policy member on customers for select to milepost_app using (customer_no in (select actor_customer_nos()));
create policy member on drivers for select to milepost_app using (customer_no in (select actor_customer_nos()));
create policy holder on broken_glass for select to milepost_app using (
  vehicle_no in (select p.vehicle_no from possessions p where p.period @> broken_glass.at)
);

grant select, insert, update on possessions to milepost_app;
grant select, insert, delete on claim_codes to milepost_app;
grant select, insert on broken_glass to milepost_app;
grant select on possessions, broken_glass to milepost_worker;
