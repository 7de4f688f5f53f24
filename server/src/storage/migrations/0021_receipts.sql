-- Up Migration

-- How often somebody read an item of a vehicle on a day: what its holder of that moment is told, and what a partner's use is.
create table read_receipts (
  -- In UTC.
  day date not null,
  -- Who held the vehicle when it was read: whoever has it later is not told.
  holder_kind text not null check (holder_kind in ('person', 'customer')),
  holder_no int not null,
  vehicle_no int not null,
  -- An app, or a person: somebody of the platform's staff (0: the bearer of the operator token), or a driver by a grant.
  reader_kind text not null check (reader_kind in ('app', 'staff', 'driver')),
  reader_no int not null,
  -- A consent group, or the path of one signal.
  item text not null check (length(item) between 1 and 200),
  channel text not null check (channel in ('rest', 'stream', 'webhook', 'changes')),
  reads bigint not null check (reads > 0),
  first_at timestamptz not null,
  last_at timestamptz not null check (last_at >= first_at),
  primary key (holder_kind, holder_no, day, vehicle_no, reader_kind, reader_no, item, channel)
) partition by range (day);
create index read_receipts_reader on read_receipts (reader_kind, reader_no, day);

-- The last batch of each process: one whose answer was lost is not added twice.
create table receipt_writers (
  writer uuid primary key,
  batch bigint not null,
  at timestamptz not null
);

-- As of the audit log: the server itself may change no table.
create function make_receipt_months(from_day date, months int) returns void language plpgsql security definer set search_path from current as $$
declare
  month date;
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('milepost receipt months'));
  for i in 0..months loop
    month := (date_trunc('month', from_day::timestamp) + make_interval(months => i))::date;
    name := 'read_receipts_' || to_char(month, 'YYYY_MM');
    continue when to_regclass(name) is not null;
    execute format('create table %I partition of read_receipts for values from (%L) to (%L)', name, month, (month + interval '1 month')::date);
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end
$$;
create function drop_receipt_months(before_day date) returns int language plpgsql security definer set search_path from current as $$
declare
  part record;
  dropped int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('milepost receipt months'));
  for part in
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'read_receipts'::regclass and c.relname ~ '^read_receipts_\d{4}_\d{2}$'
  loop
    if to_date(right(part.name, 7), 'YYYY_MM') + interval '1 month' <= before_day then
      execute format('drop table %I', part.name);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array['read_receipts', 'receipt_writers'] loop
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
create policy holder on read_receipts for select to milepost_app using (
  case holder_kind
    when 'person' then holder_no = (select actor_person_no())
    else holder_no in (select actor_customer_nos())
  end
);
-- A partner sees the use of its own apps.
create policy partner on read_receipts for select to milepost_app using (
  reader_kind = 'app' and reader_no in (select a.app_no from partner_apps a)
);

grant select, insert, update on read_receipts, receipt_writers to milepost_app;
grant delete on receipt_writers to milepost_app;
revoke execute on function make_receipt_months(date, int), drop_receipt_months(date) from public;
grant execute on function make_receipt_months(date, int), drop_receipt_months(date) to milepost_app;
