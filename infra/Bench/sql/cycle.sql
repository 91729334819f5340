\set account random(:first, :last)
\set id random(1, 9000000000000000000)
begin;
update account set held = held + 1000 where id = :account and used + held + 1000 <= quota returning id as admitted \gset
insert into reservation (id, account, held, actual, state) values (:id, :admitted, 1000, 0, 'reserved');
commit;
begin;
update reservation set state = 'committed', actual = 800 where id = :id and state = 'reserved' returning account as settled \gset
update account set held = held - 1000, used = used + 800 where id = :settled;
commit;
