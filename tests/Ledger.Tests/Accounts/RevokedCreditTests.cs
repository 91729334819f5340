using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>A revoked grant: what is free goes at once, what is held or used stays, what comes back expires in the same append.</summary>
public sealed class RevokedCreditTests
{
    private static LedgerSpec RevokedWhileHeld() =>
        Given(Assign(Quota(0)), Grant(9, 100), Track(1, Tokens(20)), Reserve(2, Tokens(50)), Revoke(3, grant: 9));

    [Test]
    public void What_is_free_is_taken_back() => Given(Assign(Quota(0)), Grant(9, 100), Track(1, Tokens(20)), Reserve(2, Tokens(50)))
        .When(Revoke(3, grant: 9)).Then(Revoked(3, 9, May, 30))
        .ThenGrant(9, used: 20, held: 50, expired: 30)
        .When(Reserve(4, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void The_held_part_can_be_committed() => RevokedWhileHeld()
        .When(Commit(4, of: 2)).Then(Committed(4, 2, May, [Used(Tokens(50))], Took("tokens", 0, C(50, 9))))
        .ThenGrant(9, used: 70, held: 0, expired: 30);

    [Test]
    public void No_excess_is_drawn_from_it() => RevokedWhileHeld()
        .When(Commit(4, of: 2, Tokens(60))).Then(Committed(4, 2, May, [Used(Tokens(60), overrun: 10)], Took("tokens", 0, C(50, 9))));

    [Test]
    public void What_a_commit_does_not_use_expires_at_once() => RevokedWhileHeld()
        .When(Commit(4, of: 2, Tokens(30)))
        .Then(
            Committed(4, 2, May, [Used(Tokens(30))], Took("tokens", 0, C(50, 9))), Unused(4, 2, May, Took("tokens", 0, C(20, 9))),
            new CreditExpired(May, Number(9), 20))
        .ThenGrant(9, used: 50, held: 0, expired: 50);

    [Test]
    public void A_released_part_expires_at_once() => RevokedWhileHeld()
        .When(Release(4, of: 2)).Then(Released(4, 2, May, Took("tokens", 0, C(50, 9))), new CreditExpired(May, Number(9), 50));

    [Test]
    public void A_part_whose_hold_expires_expires_with_it() => RevokedWhileHeld()
        .At(Expiry(May)).When(Grant(4, 1))
        .Then(
            Expired(2, Expiry(May), Took("tokens", 0, C(50, 9))), new CreditExpired(Expiry(May), Number(9), 50),
            new CreditGranted(Expiry(May), By(4), Number(4), "tokens", 1, 0, null, "payment-4"));

    [Test]
    public void A_refunded_part_expires_at_once() => RevokedWhileHeld()
        .When(Refund(4, of: 1)).Then(GaveBack(4, 1, May, [Back(20)], Took("tokens", 0, C(20, 9))), new CreditExpired(May, Number(9), 20));

    [Test]
    public void Restore_until_restores_no_revoked_grant() =>
        // bug: what was said to be left after the refund had the revoked part in it
        RevokedWhileHeld()
        .When(Refund(4, of: 1) with { RestoreUntil = June })
        .Then(
            GaveBack(4, 1, May, [Back(20)], Took("tokens", 0, C(20, 9))) with { RestoreUntil = June },
            new CreditExpired(May, Number(9), 20))
        .When(Reserve(5, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void A_grant_that_has_expired_can_be_revoked_so_that_it_is_not_restored() =>
        Given(Assign(Quota(0)), Grant(9, 100, May.AddHours(1)), Track(1, Tokens(20))).At(May.AddHours(2))
        .When(Revoke(3, grant: 9)).Then(new CreditExpired(May.AddHours(2), Number(9), 80), Revoked(3, 9, May.AddHours(2), 0))
        .When(Refund(4, of: 1) with { RestoreUntil = June }).ThenKinds(typeof(Refunded), typeof(CreditExpired));

    [Test]
    public void Other_grants_are_drawn_instead() => Given(Assign(Quota(0)), Grant(8, 10), Grant(9, 10), Revoke(1, grant: 8))
        .When(Reserve(2, Tokens(10))).Then(Reserved(2, May, [Used(Tokens(10))], Took("tokens", 0, C(10, 9))));

    [Test]
    public void Only_a_grant_of_the_user_and_only_once() => Given(Grant(9, 10), Revoke(1, grant: 9))
        .When(Revoke(1, grant: 9)).ThenDoneBefore(1, revision: 1)
        .When(Revoke(2, grant: 9)).ThenRefused(RefusalKind.Conflict, "grant_id")
        .When(Revoke(3, grant: 7)).ThenRefused(RefusalKind.NotFound, "grant_id");

    [Test]
    public void Its_payment_stays_taken() => Given(Grant(9, 10), Revoke(1, grant: 9))
        .When(Grant(2, 10) with { Source = "payment-9" }).ThenAnswer<DoneBefore>(before => Assert.That(before.Revision, Is.Zero));
}
