-- Up Migration

-- Where an app wants to be told. Secrets and events are encrypted under the pepper.
create table webhooks (
  webhook_no int generated always as identity primary key,
  id text not null unique,
  app_no int not null,
  address text not null check (length(address) <= 500),
  -- Empty: all.
  types text[] not null check (cardinality(types) <= 10),
  -- [{id, sealed, createdMs}], two at most.
  secrets jsonb not null check (jsonb_typeof(secrets) = 'array' and jsonb_array_length(secrets) between 1 and 2),
  -- Up to where deliveries were made of what changed.
  position jsonb not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  -- The process that works on it, and until when nobody else does.
  worker text not null default '',
  worked_until timestamptz not null default '-infinity'
);
create index webhooks_app on webhooks (app_no) where ended_at is null;

create table webhook_deliveries (
  delivery_no bigint generated always as identity primary key,
  id text not null unique,
  webhook_no int not null references webhooks,
  type text not null check (length(type) <= 64),
  -- null: about none, as a ping.
  vehicle_no int,
  event bytea not null,
  state text not null check (state in ('waiting', 'delivered', 'withheld', 'dead')),
  attempts int not null default 0,
  created_at timestamptz not null,
  -- Since when it is tried: begins anew with a replay.
  tried_since timestamptz not null,
  next_at timestamptz not null,
  done_at timestamptz,
  last_status int,
  last_error text check (length(last_error) <= 200)
);
create index webhook_deliveries_due on webhook_deliveries (webhook_no, next_at) where state = 'waiting';
create index webhook_deliveries_newest on webhook_deliveries (webhook_no, delivery_no desc);
create index webhook_deliveries_old on webhook_deliveries (created_at);

do $$
declare
  name text;
begin
  foreach name in array array['webhooks', 'webhook_deliveries'] loop
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
grant select, insert, update on webhooks to milepost_app;
grant select, insert, update, delete on webhook_deliveries to milepost_app;
