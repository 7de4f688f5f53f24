-- Up Migration

-- How many requests of an app are answered a minute. The platform sets it; a partner's members do not.
alter table partner_apps add column requests_per_minute int not null default 600 check (requests_per_minute between 1 and 100000);
