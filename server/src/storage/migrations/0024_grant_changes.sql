-- Up Migration

-- When an event was written, by the database's clock: `at` is when it happened, which for an expiry may be long before. Apps read on from it.
alter table grant_events add column written_at timestamptz not null default clock_timestamp();
create index grant_events_written on grant_events (written_at);
