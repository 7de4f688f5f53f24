-- Up Migration

-- A holder invites somebody by e-mail to see something of a vehicle: a driver. Accepted, it is a grant.
create table driver_invitations (
  invitation_no int generated always as identity primary key,
  id text not null unique,
  -- SHA-256 of what the link in the mail carries; one mail may be about several vehicles.
  digest bytea not null check (length(digest) = 32),
  holder_person_no int references people,
  holder_customer_no int references customers,
  -- Who invited: the holder, or a manager of the customer, and what they read before.
  invited_by int not null references people,
  answer jsonb not null,
  vehicle_no int not null references vehicles,
  email text not null check (email = lower(email) and length(email) between 3 and 254),
  items jsonb not null check (jsonb_typeof(items) = 'array'),
  until_at timestamptz,
  back_days int not null check (back_days between 0 and 3660),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  state text not null check (state in ('sent', 'accepted', 'refused', 'withdrawn')),
  answered_at timestamptz,
  -- Who accepted.
  person_no int references people,
  check (num_nonnulls(holder_person_no, holder_customer_no) = 1),
  check ((state = 'accepted') = (person_no is not null)),
  check ((state = 'sent') = (answered_at is null))
);
create index driver_invitations_digest on driver_invitations (digest);
create index driver_invitations_email on driver_invitations (email) where state = 'sent';
create index driver_invitations_vehicle on driver_invitations (vehicle_no) where state = 'sent';
create index driver_invitations_holder on driver_invitations (holder_person_no) where holder_person_no is not null;
create index driver_invitations_customer on driver_invitations (holder_customer_no) where holder_customer_no is not null;

alter table driver_invitations enable row level security;
alter table driver_invitations force row level security;
create policy migrator on driver_invitations to milepost_migrator using (true);
create policy staff on driver_invitations to milepost_app using ((select actor_is_staff())) with check ((select actor_is_staff()));
create policy holder on driver_invitations to milepost_app using (
  holder_person_no = (select actor_person_no()) or holder_customer_no in (select actor_managed_customer_nos())
) with check (
  holder_person_no = (select actor_person_no()) or holder_customer_no in (select actor_managed_customer_nos())
);
grant select, insert, update on driver_invitations to milepost_app;
