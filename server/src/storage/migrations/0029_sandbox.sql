-- Up Migration

-- Cars of the sandboxes of apps: simulated, held by who made them.
create table sandbox_cars (
  vehicle_no int primary key references vehicles,
  app_no int not null references partner_apps,
  person_no int not null references people,
  device_no int not null references devices,
  -- Rows of the recorded drive that it has told.
  step int not null default 0 check (step >= 0),
  made_at timestamptz not null,
  drives_until timestamptz,
  ended_at timestamptz
);
create index sandbox_cars_app on sandbox_cars (app_no) where ended_at is null;
create index sandbox_cars_person on sandbox_cars (person_no) where ended_at is null;

alter table sandbox_cars enable row level security;
alter table sandbox_cars force row level security;
create policy migrator on sandbox_cars to milepost_migrator using (true);
create policy staff on sandbox_cars to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()));
-- Members of the partner see those of its apps, whatever a query asks for.
create policy member on sandbox_cars for select to milepost_app using (app_no in (select a.app_no from partner_apps a));
grant select, insert, update on sandbox_cars to milepost_app;
