-- Up Migration

-- Who a transaction works for; set by withActor, never by hand. Empty when it was not set: then every policy says no.
create function actor_kind() returns text language sql stable parallel safe
  return split_part(coalesce(current_setting('milepost.actor', true), ''), ':', 1);
create function actor_id() returns text language sql stable parallel safe
  return substr(coalesce(current_setting('milepost.actor', true), ''), length(actor_kind()) + 2);

-- The operator, and the server itself.
create function actor_is_staff() returns boolean language sql stable parallel safe
  return actor_kind() in ('operator', 'system', 'worker');

grant usage on schema milepost to milepost_app, milepost_worker;
