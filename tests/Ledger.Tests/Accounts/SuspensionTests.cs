using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 2: suspension blocks reserve, enforced track and extend; what runs settles, and reads say so.</summary>
public sealed class SuspensionTests
{
    private static LedgerSpec SuspendedWithAHold() => Given(Assign(Quota(100)), Track(1, Tokens(10)), Reserve(2, Tokens(40)), Suspend(3));

    [Test]
    public void It_is_a_fact_with_its_reason() => Given(Assign(Quota(100)))
        .When(Suspend(1)).Then(new Suspended(May, By(1), "unpaid"))
        .When(Resume(2)).Then(new Resumed(May, By(2)))
        .When(Reserve(3, Tokens(1))).ThenKinds(typeof(Reserved));

    [Test]
    public void What_takes_is_denied() => SuspendedWithAHold()
        .When(Reserve(4, Tokens(1))).ThenDenied(DenialReason.Suspended, null, 0, 0, 0, 0, 0, null)
        .When(Track(5, Tokens(1))).ThenDenied(DenialReason.Suspended)
        .When(Extend(6, of: 2, null, Tokens(1))).ThenDenied(DenialReason.Suspended)
        .When(Extend(7, of: 2, TimeSpan.FromHours(1))).ThenDenied(DenialReason.Suspended)
        .When(new Check([Tokens(1)])).ThenDenied(DenialReason.Suspended);

    [Test]
    public void A_commit_counts_with_its_excess() => SuspendedWithAHold()
        .When(Commit(4, of: 2, Tokens(50))).Then(Committed(4, 2, May, [Used(Tokens(50))], Took("tokens", 40, Q(50))));

    [Test]
    public void A_release_gives_back() => SuspendedWithAHold()
        .When(Release(4, of: 2)).Then(Released(4, 2, May, Took("tokens", 90, Q(40))));

    [Test]
    public void A_refund_gives_back() => SuspendedWithAHold()
        .When(Refund(4, of: 1, Back(10))).Then(GaveBack(4, 1, May, [Back(10)], Took("tokens", 60, Q(10))));

    [Test]
    public void A_hold_expires_as_ever() => SuspendedWithAHold()
        .At(Expiry(May)).When(Resume(4)).Then(Expired(2, Expiry(May), Took("tokens", 90, Q(40))), new Resumed(Expiry(May), By(4)));

    [Test]
    public void Post_paid_usage_is_recorded() => SuspendedWithAHold()
        .When(PostPaid(4, Tokens(5))).Then(Tracked(4, May, false, [Used(Tokens(5))], Took("tokens", 45, Q(5))));

    [Test]
    public void Plans_limits_and_credits_can_be_changed_and_it_stays() => SuspendedWithAHold()
        .And(Customize(4, new CustomLimit("tokens", 500)), Grant(5, 10), Assign(6, PlanOf(Quota(300)), PlanChange.NowReset))
        .When(Reserve(7, Tokens(1))).ThenDenied(DenialReason.Suspended);

    [Test]
    public void It_outlives_the_period_and_the_plan() => Given(Assign(Quota(100)), Suspend(1), End(2))
        .When(Reserve(3, Tokens(1))).ThenDenied(DenialReason.NoPlan)
        .At(June).And(Assign(4, PlanOf(Quota(100))))
        .When(Reserve(5, Tokens(1))).ThenDenied(DenialReason.Suspended)
        .When(new GetUsage()).ThenAnswer<Usage>(usage => Assert.That(usage.Suspended, Is.True));

    [Test]
    public void Twice_is_a_conflict_and_a_repeat_is_not() => Given(Assign(Quota(100)), Suspend(1))
        .When(Suspend(1)).ThenDoneBefore(1, revision: 1)
        .When(Suspend(2)).ThenRefused(RefusalKind.Conflict, "user")
        .And(Resume(3)).When(Resume(3)).ThenDoneBefore(3, revision: 2)
        .When(Resume(4)).ThenRefused(RefusalKind.Conflict, "user");
}
