-- Up Migration

create extension if not exists btree_gist;

-- Each row has a revision that grows with it, so a copy in memory never goes back.
create table customers (
  customer_no int generated always as identity primary key,
  id text not null unique,
  name text not null unique check (name = btrim(name) and length(name) between 1 and 200),
  late_after_seconds int check (late_after_seconds between 1 and 604800),
  offline_after_seconds int check (offline_after_seconds between 1 and 604800),
  revision int not null default 1,
  created_at timestamptz not null
);

create table vehicles (
  vehicle_no int generated always as identity primary key,
  id text not null unique,
  vin text not null unique check (vin ~ '^[A-HJ-NPR-Z0-9]{17}$'),
  vin_check_digit_valid boolean not null,
  plate text,
  customer_no int not null references customers,
  model text,
  gross_weight_kg int check (gross_weight_kg > 0),
  tire_placard_kpa int[] check (cardinality(tire_placard_kpa) = 4),
  groups text[] not null default '{}',
  note text,
  revision int not null default 1,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index vehicles_customer on vehicles (customer_no);

create table devices (
  device_no int generated always as identity primary key,
  id text not null unique,
  imei text not null unique check (imei ~ '^[0-9]{15}$'),
  imei_check_digit_valid boolean not null,
  kind text not null check (kind in ('vehicle', 'tracker', 'dashcam', 'phone')),
  -- HMAC-SHA-256 of the secret with the pepper; the secret itself is nowhere.
  secret_hash bytea not null check (length(secret_hash) = 32),
  late_after_seconds int check (late_after_seconds between 1 and 604800),
  offline_after_seconds int check (offline_after_seconds between 1 and 604800),
  revision int not null default 1,
  created_at timestamptz not null,
  revoked_at timestamptz
);

-- Which device was on which vehicle: a device is on one vehicle at a time.
create table assignments (
  device_no int not null references devices,
  vehicle_no int not null references vehicles,
  period tstzrange not null check (not isempty(period) and lower_inc(period) and not upper_inc(period)),
  exclude using gist (device_no with =, period with &&)
);
create index assignments_vehicle on assignments (vehicle_no);

do $$
declare
  name text;
begin
  foreach name in array array['customers', 'vehicles', 'devices', 'assignments'] loop
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

-- A device may know itself and where it is.
create policy itself on devices for select to milepost_app
  using ((select actor_kind()) = 'device' and id = (select actor_id()));
create policy itself on assignments for select to milepost_app
  using ((select actor_kind()) = 'device' and device_no in (select device_no from devices where id = (select actor_id())));

-- Nobody deletes: numbers are never given again. Only an assignment that would be empty goes.
grant select, insert, update on customers, vehicles, devices, assignments to milepost_app;
grant delete on assignments to milepost_app;
grant select on customers, vehicles, devices, assignments to milepost_worker;
