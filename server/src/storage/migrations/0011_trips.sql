-- Up Migration

-- Usable energy of the full battery; null: not known here.
alter table vehicles add column battery_kwh double precision check (battery_kwh > 0 and battery_kwh <= 2000);

-- Trips and what else is derived of a vehicle and a day (docs/trips.md). All of it is worked out from history: deleting the rows of
-- trip_vehicles, and the others with them, makes it be done again.
create table trip_vehicles (
  vehicle_no int primary key references vehicles,
  -- murmur3 of the number: the log's partition, whatever their count.
  virtual_partition smallint not null check (virtual_partition between 0 and 1023),
  -- The days that its history has samples of were marked; null: not yet.
  scanned_at timestamptz
);
create index trip_vehicles_unscanned on trip_vehicles (virtual_partition) where scanned_at is null;

create table vehicle_days (
  vehicle_no int not null references trip_vehicles on delete cascade,
  -- Days since 1970-01-01, UTC.
  day int not null check (day >= 0),
  -- Version of the model and the form of the document.
  model smallint not null,
  -- Offset of the log before which everything is contained, and the same as receivedAt in ms.
  log_offset bigint not null,
  complete_to bigint not null,
  -- Sample times, ms, that it depends on: a sample in them changes it. The end is exclusive.
  read_from bigint not null,
  read_to bigint not null check (read_to > read_from),
  derived_at timestamptz not null,
  -- Periods of the vehicle that were erased when it was derived.
  erasures int not null,
  -- Something goes on as far as is known: time alone may end it.
  is_open boolean not null,
  -- Battery size in the registry, and the one that was taken: what the vehicle reports wins.
  pack_kwh double precision,
  used_pack_kwh double precision,
  distance_m double precision not null,
  document bytea not null,
  primary key (vehicle_no, day)
);

create index vehicle_days_day on vehicle_days (day);
create index vehicle_days_model on vehicle_days (model);

-- Days that are to be derived anew. A mark that was made again meanwhile has another number.
create table vehicle_day_marks (
  vehicle_no int not null references trip_vehicles on delete cascade,
  day int not null,
  virtual_partition smallint not null,
  mark_no bigint not null,
  -- When it is worth while: when the day is over, or what is late may be complete.
  due_at timestamptz not null,
  primary key (vehicle_no, day)
);
create index vehicle_day_marks_due on vehicle_day_marks (due_at);
create sequence vehicle_day_mark_numbers;
-- So that the last number says which marks are newer from the start on.
select nextval('vehicle_day_mark_numbers');

-- Up to where the marks of each partition of the log are written, and by whom: each who takes a partition over counts the claim up.
create table trip_progress (
  partition int primary key check (partition >= 0),
  claim int not null,
  -- null: the log was not followed for marks yet.
  log_offset bigint,
  complete_to bigint not null default 0,
  -- Largest offset that a stored day contains.
  stored_offset bigint not null default 0
);

do $$
declare
  name text;
begin
  foreach name in array array['trip_vehicles', 'vehicle_days', 'vehicle_day_marks', 'trip_progress'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app, milepost_worker using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
    execute format('grant select, insert, update, delete on %I to milepost_app, milepost_worker', name);
  end loop;
end
$$;
grant usage, select on sequence vehicle_day_mark_numbers to milepost_app, milepost_worker;
