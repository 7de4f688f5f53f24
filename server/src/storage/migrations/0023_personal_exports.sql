-- Up Migration

-- Everything of one person, as a file that is made in the background and goes after a while.
create table personal_exports (
  id text primary key,
  person_no int not null references people,
  state text not null check (state in ('running', 'done', 'failed')),
  percent int not null default 0 check (percent between 0 and 100),
  bytes bigint not null default 0,
  created_at timestamptz not null,
  -- The last sign of life of who makes it.
  updated_at timestamptz not null,
  expires_at timestamptz not null
);
create index personal_exports_person on personal_exports (person_no);
create index personal_exports_expiry on personal_exports (expires_at);
-- One at a time, in whichever process.
create unique index personal_exports_running on personal_exports (person_no) where state = 'running';

-- In the database, so that each process can give the file to its person.
create table personal_export_parts (
  export_id text not null references personal_exports on delete cascade,
  part int not null,
  bytes bytea not null,
  primary key (export_id, part)
);
alter table personal_export_parts alter column bytes set storage external;

do $$
declare
  name text;
begin
  foreach name in array array['personal_exports', 'personal_export_parts'] loop
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
create policy own on personal_exports for select to milepost_app using (person_no = (select actor_person_no()));
create policy own on personal_export_parts for select to milepost_app using (
  export_id in (select e.id from personal_exports e where e.person_no = (select actor_person_no()))
);
grant select, insert, update, delete on personal_exports to milepost_app;
grant select, insert, delete on personal_export_parts to milepost_app;
