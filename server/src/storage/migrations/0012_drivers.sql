-- Up Migration

-- People who drive. They need no account; a number is what their customer calls them by.
create table drivers (
  driver_no int generated always as identity primary key,
  id text not null unique,
  name text not null check (name = btrim(name) and length(name) between 1 and 200),
  number text check (number = btrim(number) and length(number) between 1 and 64),
  customer_no int not null references customers,
  created_at timestamptz not null,
  ended_at timestamptz
);
create unique index drivers_number on drivers (customer_no, number) where ended_at is null;
create index drivers_name on drivers (customer_no, name);

-- Who drove what: a vehicle has one driver at a time, and a driver is on one vehicle at a time.
create table driver_assignments (
  id text primary key,
  vehicle_no int not null references vehicles,
  driver_no int not null references drivers,
  period tstzrange not null check (not isempty(period) and lower_inc(period) and not upper_inc(period)),
  exclude using gist (vehicle_no with =, period with &&),
  exclude using gist (driver_no with =, period with &&)
);

-- In these nobody but the driver sees where the vehicle was. What was private stays so: a period is never taken back.
create table private_periods (
  id text primary key,
  vehicle_no int not null references vehicles,
  -- Whose it is; null: nobody was assigned.
  driver_no int references drivers,
  period tstzrange not null check (not isempty(period) and lower_inc(period) and not upper_inc(period) and isfinite(lower(period))),
  created_at timestamptz not null,
  exclude using gist (vehicle_no with =, period with &&)
);

do $$
declare
  name text;
begin
  foreach name in array array['drivers', 'driver_assignments', 'private_periods'] loop
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

-- Nobody deletes a driver or a private period; an assignment that never was goes.
grant select, insert, update on drivers, driver_assignments, private_periods to milepost_app;
grant delete on driver_assignments to milepost_app;
grant select on drivers, driver_assignments, private_periods to milepost_worker;
