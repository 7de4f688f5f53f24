-- Up Migration

-- How long history of a customer, or of a vehicle, is kept: in days, for everything and by consent group. Null, or a group that is
-- not named: the rule above it (docs/registry.md).
alter table customers
  add column retention_days int check (retention_days between 1 and 36525),
  add column retention_days_by_group jsonb not null default '{}' check (jsonb_typeof(retention_days_by_group) = 'object');
alter table vehicles
  add column retention_days int check (retention_days between 1 and 36525),
  add column retention_days_by_group jsonb not null default '{}' check (jsonb_typeof(retention_days_by_group) = 'object');
