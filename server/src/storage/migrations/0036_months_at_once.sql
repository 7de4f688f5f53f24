-- Two processes that make the same month at once: to_regclass answers from what its connection remembers, and one that had asked for the name before it
-- waited made the table a second time, which failed. What is in pg_class is looked up as of now.
create or replace function make_audit_months(from_at timestamptz, months int) returns void language plpgsql security definer set search_path from current as $$
declare
  month timestamptz;
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('milepost audit months'));
  for i in 0..months loop
    month := date_trunc('month', from_at at time zone 'UTC') at time zone 'UTC' + make_interval(months => i);
    name := 'audit_events_' || to_char(month at time zone 'UTC', 'YYYY_MM');
    continue when exists (select from pg_class c where c.relname = name and c.relnamespace = current_schema()::regnamespace);
    execute format('create table %I partition of audit_events for values from (%L) to (%L)', name, month, month + interval '1 month');
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end
$$;
create or replace function make_receipt_months(from_day date, months int) returns void language plpgsql security definer set search_path from current as $$
declare
  month date;
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('milepost receipt months'));
  for i in 0..months loop
    month := (date_trunc('month', from_day::timestamp) + make_interval(months => i))::date;
    name := 'read_receipts_' || to_char(month, 'YYYY_MM');
    continue when exists (select from pg_class c where c.relname = name and c.relnamespace = current_schema()::regnamespace);
    execute format('create table %I partition of read_receipts for values from (%L) to (%L)', name, month, (month + interval '1 month')::date);
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end
$$;
