-- What apps ask for is kept with OAuth, in one place: nothing writes this table.
drop table consent_requests;
