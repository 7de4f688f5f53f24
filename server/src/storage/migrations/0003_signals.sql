-- Up Migration

-- Signals that a user added; one that leaves the overlay stays, because stored bytes refer to it. What a number means is how stored bytes are read, so it never changes (trigger below).
create table user_signals (
  number int primary key check (number between 32768 and 65535),
  path text not null unique,
  kind text not null check (kind in ('boolean', 'number', 'enum', 'string', 'stringList')),
  unit text not null,
  per_unit double precision not null check (per_unit > 0),
  -- Words of an enum in the order of their stored index; it may only grow at its end.
  words text[],
  -- The whole definition. Bounds, label, group, class and source priority may change.
  definition jsonb not null
);

create table vocabulary_versions (
  version int primary key check (version > 0),
  created_at timestamptz not null,
  -- SHA-256 of all definitions, to see whether the set has changed.
  digest bytea not null,
  signals jsonb not null
);

create function keep_signal_meaning() returns trigger language plpgsql as $$
begin
  if (new.number, new.path, new.kind, new.unit, new.per_unit) is distinct from (old.number, old.path, old.kind, old.unit, old.per_unit)
    or (old.words is not null and new.words[1:cardinality(old.words)] is distinct from old.words) then
    raise exception 'signal % is % and stays so', old.number, old.path using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end
$$;
create trigger keep_meaning before update on user_signals for each row execute function keep_signal_meaning();

do $$
declare
  name text;
begin
  foreach name in array array['user_signals', 'vocabulary_versions'] loop
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
grant select, insert, update on user_signals to milepost_app;
grant select, insert on vocabulary_versions to milepost_app;
grant select on user_signals, vocabulary_versions to milepost_worker;
