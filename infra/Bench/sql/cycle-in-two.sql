\set account random(:first, :last)
\set id random(1, 9000000000000000000)
with admitted as (update account set held = held + 1000 where id = :account and used + held + 1000 <= quota returning id)
    insert into reservation (id, account, held, actual, state) select :id, id, 1000, 0, 'reserved' from admitted;
with settled as (update reservation set state = 'committed', actual = 800 where id = :id and state = 'reserved' returning account)
    update account set held = held - 1000, used = used + 800 from settled where account.id = settled.account;
