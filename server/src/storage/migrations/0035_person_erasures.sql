-- Up Migration

-- People who want everything of them erased: each step that was taken, and what it erased.
create table person_erasures (
  erasure_no int generated always as identity primary key,
  id text not null unique,
  person_no int not null references people,
  state text not null check (state in ('waiting', 'held', 'releasing', 'clearing', 'forgetting', 'done', 'taken_back')),
  -- SHA-256 of what the link in the mail carries: whoever has it reads how far it is, and the report.
  digest bytea not null unique check (length(digest) = 32),
  asked_at timestamptz not null,
  -- Until then it can be taken back.
  due_at timestamptz not null check (due_at >= asked_at),
  began_at timestamptz,
  ended_at timestamptz,
  -- The steps, which are the truth: [{kind, atMs, …}]. No personal data.
  steps jsonb not null check (jsonb_typeof(steps) = 'array'),
  -- Of one that is done: what stays, and why.
  stays jsonb,
  -- The process that works on it, and until when nobody else does.
  worker text not null default '',
  worked_until timestamptz not null default '-infinity',
  check ((state in ('done', 'taken_back')) = (ended_at is not null))
);
create unique index person_erasures_open on person_erasures (person_no) where state not in ('done', 'taken_back');
create index person_erasures_due on person_erasures (due_at) where state not in ('done', 'taken_back');

alter table person_erasures enable row level security;
alter table person_erasures force row level security;
create policy migrator on person_erasures to milepost_migrator using (true);
create policy staff on person_erasures to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()));
create policy own on person_erasures for select to milepost_app using (person_no = (select actor_person_no()));
grant select, insert, update on person_erasures to milepost_app;

-- A vehicle whose holder was erased is nobody's until somebody claims it.
alter table possessions drop constraint possessions_how_check;
alter table possessions add constraint possessions_how_check check (how in ('enrolled', 'transferred', 'claimed', 'released'));

-- What goes with its person; until now nobody deleted it, and nobody else does.
grant delete on driver_invitations, private_periods, warnings_seen to milepost_app;
do $$
declare
  name text;
begin
  foreach name in array array['driver_invitations', 'private_periods', 'warnings_seen'] loop
    execute format($policy$create policy erasure_alone on %I as restrictive for delete to milepost_app
      using (current_setting('milepost.actor', true) = 'system:person erasure')$policy$, name);
  end loop;
end
$$;
grant update (reason) on broken_glass to milepost_app;

-- The audit log stays, by number: networks and free words of and about one person go from it. Nothing else of it can be changed, and nothing
-- else calls this.
create function forget_person_in_audit(of_person int, their_email text) returns int language plpgsql security definer set search_path from current as $$
declare
  changed int;
begin
  update audit_events a set
    address = case when a.actor_person_no = of_person or a.actor_person_no is null then '' else a.address end,
    detail = (
      select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(a.detail) d
      where d.key in ('role', 'organisation', 'reader', 'purpose', 'givenBy', 'items', 'days', 'organisationNo', 'environment', 'issuer', 'erasure')
        or (d.key = 'reason' and a.act = 'grant_ended')
    )
  where a.actor_person_no = of_person or a.subject_person_no = of_person;
  get diagnostics changed = row_count;
  update audit_events a set detail = a.detail - 'email' where a.detail ->> 'email' = their_email;
  return changed;
end
$$;
revoke execute on function forget_person_in_audit(int, text) from public;
grant execute on function forget_person_in_audit(int, text) to milepost_app;

-- Holders who were told that a grant ends soon: once for each end, by whichever process.
create table grant_reminders (
  grant_no int not null references grants,
  until_at timestamptz not null,
  told_at timestamptz not null,
  primary key (grant_no, until_at)
);
alter table grant_reminders enable row level security;
alter table grant_reminders force row level security;
create policy migrator on grant_reminders to milepost_migrator using (true);
create policy staff on grant_reminders to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()));
grant select, insert, delete on grant_reminders to milepost_app;
