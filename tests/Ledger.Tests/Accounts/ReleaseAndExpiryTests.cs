using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rules 9, 10 and 21: holds that are given back.</summary>
public sealed class ReleaseAndExpiryTests
{
    [Test]
    public void A_release_gives_all_of_the_hold_back() =>
        Given(Assign(Quota(50) with { Overage = Over(100) }), Grant(3, 20), Reserve(1, Tokens(100)))
        .When(Release(2, of: 1))
        .Then(Released(2, 1, May, Took("tokens", 170, O(30), C(20, 3), Q(50))));

    [Test]
    public void A_hold_keeps_its_amounts_one_tick_before_deadline_and_grace_are_over() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .At(Expiry(May).AddTicks(-1)).When(Reserve(2, Tokens(60)))
        .ThenDenied(DenialReason.FundingExhausted, "tokens", 60, 100, 0, 60, 40, June);

    [Test]
    public void Then_others_can_take_them() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .At(Expiry(May)).When(Reserve(2, Tokens(60)))
        .Then(Expired(1, Expiry(May), Took("tokens", 100, Q(60))), Reserved(2, Expiry(May), [Used(Tokens(60))], Took("tokens", 40, Q(60))));

    [Test]
    public void Holds_expire_in_the_order_of_their_deadlines() => Given(Assign(Quota(100)),
            Reserve(1, Tokens(1)) with { TimeToLive = TimeSpan.FromMinutes(3) }, Reserve(2, Tokens(2)) with { TimeToLive = TimeSpan.FromMinutes(1) },
            Reserve(3, Tokens(3)) with { TimeToLive = TimeSpan.FromMinutes(2) })
        .At(May.AddMinutes(5)).When(Track(4, Tokens(1)))
        .Then(
            Expired(2, May.AddMinutes(5), Took("tokens", 96, Q(2))), Expired(3, May.AddMinutes(5), Took("tokens", 99, Q(3))),
            Expired(1, May.AddMinutes(5), Took("tokens", 100, Q(1))),
            Tracked(4, May.AddMinutes(5), true, [Used(Tokens(1))], Took("tokens", 99, Q(1))));

    [Test]
    public void Only_the_held_part_of_a_grant_outlives_its_expiry()
    {
        var (noon, later) = (May.AddMinutes(5), Expiry(May));
        Given(Assign(Quota(0)), Grant(3, 100, noon), Reserve(1, Tokens(60)))
            .At(noon).When(Reserve(2, Tokens(1))).ThenDenied(DenialReason.FundingExhausted, "tokens", 1, 0, 0, 0, 0, June)
            .At(later).When(Grant(4, 5))
            .Then(
                // found due by the denial, which appended nothing: it keeps that time
                new CreditExpired(noon, Number(3), 40), Expired(1, later, Took("tokens", 0, C(60, 3))), new CreditExpired(later, Number(3), 60),
                new CreditGranted(later, By(4), Number(4), "tokens", 5, 0, null, "payment-4"))
            .ThenGrant(3, used: 0, held: 0, expired: 100);
    }

    [Test]
    public void Extending_moves_the_deadline() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .At(May.AddMinutes(5)).When(Extend(2, of: 1, TenMinutes))
        .Then(new HoldExtended(May.AddMinutes(5), By(2), Number(1), May.AddMinutes(15), [], []))
        .At(Expiry(May.AddMinutes(5)).AddTicks(-1)).When(Commit(3, of: 1)).ThenKinds(typeof(Committed));

    [Test]
    public void An_extended_hold_expires_later_just_once() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(60))).At(May.AddMinutes(5)).And(Extend(2, of: 1, TenMinutes))
        .At(Expiry(May)).When(Track(3, Tokens(1))).ThenKinds(typeof(UsageTracked))
        .At(Expiry(May.AddMinutes(5))).When(Track(4, Tokens(100))).ThenDenied(DenialReason.FundingExhausted)
        .When(Track(5, Tokens(99))).ThenKinds(typeof(Released), typeof(UsageTracked));

    [Test]
    public void A_deadline_never_comes_nearer() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .When(Extend(2, of: 1, TimeSpan.FromMinutes(1)))
        .Then(new HoldExtended(May, By(2), Number(1), May.AddMinutes(10), [], []));

    [Test]
    public void A_deadline_is_never_more_than_24_hours_after_the_reservation() =>
        Given(Assign(Quota(100)), Reserve(1, Tokens(60)) with { TimeToLive = TimeSpan.FromHours(20) })
        .At(May.AddHours(10)).When(Extend(2, of: 1, TimeSpan.FromHours(24)))
        .Then(new HoldExtended(May.AddHours(10), By(2), Number(1), May.AddHours(24), [], []));

    [Test]
    public void An_extension_can_add_quantity() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .When(Extend(2, of: 1, null, Tokens(30)))
        .Then(new HoldExtended(May, By(2), Number(1), May.AddMinutes(10), [Used(Tokens(30))], [Took("tokens", 10, Q(30))]))
        .When(Commit(3, of: 1))
        .Then(Committed(3, 1, May, [Used(Tokens(60)), Used(Tokens(30))], Took("tokens", 10, Q(90))))
        .ThenBalance("tokens", 90, 0, 10);

    [Test]
    public void An_extension_without_room_is_denied_and_leaves_the_hold_as_it_is() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .When(Extend(2, of: 1, TimeSpan.FromHours(1), Tokens(41)))
        .ThenDenied(DenialReason.FundingExhausted, "tokens", 41, 100, 0, 60, 40, June);

    [Test]
    public void Added_quantity_is_judged_in_the_holds_own_windows()
    {
        var tomorrow = May.AddDays(1);
        Given(Assign(Quota(500), Cap(100))).At(tomorrow.AddMinutes(-5)).And(Reserve(1, Tokens(60)))
            .At(tomorrow).And(Track(2, Tokens(100)))
            .When(Extend(3, of: 1, null, Tokens(41)))
            .ThenDenied(DenialReason.CapReached, "daily", 41, 100, 0, 60, 40, tomorrow)
            .When(Extend(4, of: 1, null, Tokens(40)))
            .Then(new HoldExtended(tomorrow, By(4), Number(1), tomorrow.AddMinutes(5), [Used(Tokens(40))],
                [Took("tokens", 300, Q(40)), Took("daily", 0, Q(40)).In(May, tomorrow)]));
    }

    [Test]
    public void Added_quantity_has_the_price_of_the_reservation()
    {
        Rate[] rates = [Price(3), Price(5, book: 2, from: May.AddMinutes(1))];
        Given(Assign(Dollars(1_000)), Reserve(1, Tokens(10, Price(3)))).At(May.AddMinutes(2))
            .When(Extend(2, of: 1, null, Tokens(10, rates)))
            .Then(new HoldExtended(May.AddMinutes(2), By(2), Number(1), May.AddMinutes(10), [Used(Tokens(10), 0, Rated(30, Price(3)))], [Took("money", 940, Q(30))]));
    }

    [Test]
    public void Releasing_an_extended_hold_gives_both_parts_back() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)), Extend(2, of: 1, null, Tokens(30)))
        .When(Release(3, of: 1))
        .Then(Released(3, 1, May, Took("tokens", 100, Q(90))))
        .ThenBalance("tokens", 0, 0, 100);
}
