-- Up Migration

-- Nobody is let in with such an account until it is taken back.
alter table people add column suspended_at timestamptz;
alter table people add column suspended_for text check (length(suspended_for) between 3 and 500);
alter table people add check ((suspended_at is null) = (suspended_for is null));

create index audit_events_actor on audit_events (actor_person_no, at) where actor_person_no is not null;
create index audit_events_act on audit_events (act, at);
create index audit_events_subject on audit_events (subject, at) where subject <> '';

-- Who manages a customer sees what was done with its members.
create policy manager on audit_events for select to milepost_app using (
  detail->>'organisation' in (
    select o.id from organisations o join memberships m using (organisation_no)
    where m.person_no = (select actor_person_no()) and m.role = 'manager' and o.kind = 'customer'
  )
);
