-- What the SQL way needs: an account per user, a row per reservation.
drop table if exists reservation, account;
create table account (id bigint primary key, quota bigint not null, used bigint not null, held bigint not null) with (fillfactor = 50);
create table reservation (
    id bigint primary key, account bigint not null, held bigint not null, actual bigint not null, state text not null) with (fillfactor = 80);
insert into account select n, 1000000000000000, 0, 0 from generate_series(0, 1000) n;
