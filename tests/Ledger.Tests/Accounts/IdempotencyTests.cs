using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 15: at most once, for ever.</summary>
public sealed class IdempotencyTests
{
    private static Track TrackAt(DateTimeOffset idTime, int number = 1) => Track(number, Tokens(1)) with { Id = IdAt(idTime, number) };

    [Test]
    public void A_repeat_is_answered_with_where_the_first_answer_is() =>
        Given(Assign(Quota(500)), Track(1, Tokens(5)), Reserve(2, Tokens(5)), Commit(3, of: 2, Tokens(1)), Refund(4, of: 2), Reserve(6, Tokens(1)))
        .When(Track(1, Tokens(5))).ThenDoneBefore(1, revision: 1)
        .When(Reserve(2, Tokens(5))).ThenDoneBefore(2, revision: 2)
        .When(Commit(3, of: 2, Tokens(1))).ThenDoneBefore(3, revision: 3)
        .When(Refund(4, of: 2)).ThenDoneBefore(4, revision: 5)
        .When(Reserve(6, Tokens(1))).ThenDoneBefore(6, revision: 6)
        .When(Assign(Quota(500))).ThenDoneBefore(90, revision: 0);

    [Test]
    public void Its_own_events_not_the_facts_that_were_due_before_them() => Given(Assign(Quota(500)), Reserve(1, Tokens(5)))
        .At(Expiry(May)).And(Track(2, Tokens(5)))
        .When(Track(2, Tokens(5))).ThenDoneBefore(2, revision: 3);

    [Test]
    public void The_same_id_with_other_content_is_another_command() => Given(Assign(Quota(500)), Track(1, Tokens(5)))
        .When(Track(1, Tokens(5)) with { Content = Hash(2) }).ThenRefused(RefusalKind.OtherContent, "command_id");

    [Test]
    public void A_repeat_long_after_is_still_answered_while_nothing_newer_made_it_forgotten() => Given(Assign(Quota(500)), Track(1, Tokens(5)))
        .At(May.AddDays(3)).When(Track(1, Tokens(5))).ThenDoneBefore(1, revision: 1);

    [Test]
    public void A_repeat_that_was_forgotten_is_never_executed() => Given(Assign(Quota(500)), Track(1, Tokens(5)))
        .At(May.AddMinutes(10).AddMilliseconds(1)).And(Track(2, Tokens(5)))
        .When(Track(1, Tokens(5))).ThenRefused(RefusalKind.TooOld, "command_id");

    [Test]
    public void An_id_as_old_as_the_horizon_is_too_old_though_it_never_came_before() => Given(Assign(Quota(500)))
        .At(May.AddMinutes(20))
        .When(TrackAt(May.AddMinutes(10))).ThenRefused(RefusalKind.TooOld, "command_id")
        .When(TrackAt(May.AddMinutes(10).AddMilliseconds(1))).ThenKinds(typeof(UsageTracked));

    [Test]
    public void An_id_is_dated_at_most_60_seconds_ahead() => Given(Assign(Quota(500)))
        .When(TrackAt(May.AddSeconds(60).AddMilliseconds(1), 1)).ThenRefused(RefusalKind.Invalid, "command_id")
        .When(TrackAt(May.AddSeconds(60), 2)).ThenKinds(typeof(UsageTracked))
        .When(TrackAt(May.AddSeconds(60), 2)).ThenAnswer<DoneBefore>(before => Assert.That(before.Revision, Is.EqualTo(1)));

    [Test]
    public void An_id_is_measured_by_the_ledgers_time_when_a_clock_is_behind_it() => Given(Assign(Quota(500)))
        .At(May.AddHours(1)).And(Track(1, Tokens(1)))
        .At(May).When(TrackAt(May, 2)).ThenRefused(RefusalKind.TooOld, "command_id");

    [Test]
    public void Denials_and_refusals_are_not_remembered() => Given(Assign(Quota(5)))
        .When(Track(1, Tokens(6))).ThenDenied(DenialReason.FundingExhausted)
        .When(Track(1, Tokens(6)) with { Content = Hash(9) }).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void At_most_65536_are_remembered_the_oldest_by_their_own_time_forgotten_first()
    {
        var ids = new RememberedIds();
        DateTimeOffset Time(int i) => May.AddMilliseconds(i);
        for (var i = RememberedIds.Most; i > 0; i--) ids.Add(IdAt(Time(i), i), Hash(i), i, May.AddMinutes(2));
        Assert.That((ids.Count, ids.ForgottenUpto), Is.EqualTo((RememberedIds.Most, long.MinValue)));
        ids.Add(IdAt(Time(70_000), 0), Hash(0), 0, May.AddMinutes(2));
        Assert.That(ids.Count, Is.EqualTo(RememberedIds.Most));
        Assert.That(ids.TryGet(IdAt(Time(1), 1), out _), Is.False);
        Assert.That(ids.TryGet(IdAt(Time(2), 2), out var second) ? second : default, Is.EqualTo(new Remembered(Hash(2), 2)));
        Assert.That(ids.IsTooOld(IdAt(Time(1), 99), May.AddMinutes(2)), Is.True);
        Assert.That(ids.IsTooOld(IdAt(Time(2), 99), May.AddMinutes(2)), Is.False);
    }

    [Test]
    public void An_id_older_than_all_that_are_remembered_is_executed_once_and_then_too_old()
    {
        var ids = new RememberedIds();
        for (var i = 0; i < RememberedIds.Most; i++) ids.Add(IdAt(May.AddSeconds(5), i), Hash(i), i, May.AddMinutes(1));
        Assert.That(ids.IsTooOld(IdAt(May, 1), May.AddMinutes(1)), Is.False);
        ids.Add(IdAt(May, 1), Hash(1), 1, May.AddMinutes(1));
        Assert.That(ids.IsTooOld(IdAt(May, 1), May.AddMinutes(1)), Is.True);
    }

    [Test]
    public void Ids_are_forgotten_when_they_leave_the_horizon()
    {
        var ids = new RememberedIds();
        ids.Add(IdAt(May, 1), Hash(1), 1, May);
        ids.Add(IdAt(May.AddMinutes(5), 2), Hash(2), 2, May.AddMinutes(10));
        Assert.That(ids.Count, Is.EqualTo(2), "ten minutes are in it");
        ids.Add(IdAt(May.AddMinutes(6), 3), Hash(3), 3, May.AddMinutes(10).AddMilliseconds(1));
        Assert.That((ids.Count, ids.ForgottenUpto), Is.EqualTo((2, May.ToUnixTimeMilliseconds())));
    }
}
