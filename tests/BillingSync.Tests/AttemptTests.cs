using Metering.BillingSync.Reports;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Which attempt follows which, and what an answer to it proves.</summary>
public sealed class AttemptTests
{
    private static readonly string Id = IdentifierOf(1, 10);
    private static readonly BillingEvent[] Fresh = [Taken(10, false, 700), Planned(1, 10, false, "700")];

    [Test]
    public void The_first_attempt_has_the_identifier_as_its_key() =>
        Sent().When(new BeginAttempt(Id, 0, AttemptEnd.None)).Then(Attempt(1, Id, AttemptEnd.None))
            .ThenAnswered<Begun>(begun => Assert.That(begun.Report.Value, Is.EqualTo("700")));

    [Test]
    public void After_a_lost_answer_the_key_is_the_same_once() =>
        Sent(Attempt(1, Id, AttemptEnd.None)).When(new BeginAttempt(Id, 1, AttemptEnd.Lost)).Then(Attempt(2, Id, AttemptEnd.Lost));

    [Test]
    public void After_a_second_one_it_is_another() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost))
            .When(new BeginAttempt(Id, 2, AttemptEnd.Lost)).Then(Attempt(3, Id + "#3", AttemptEnd.Lost));

    [TestCase(AttemptEnd.NotTaken)]
    [TestCase(AttemptEnd.Failed)]
    public void After_an_answer_the_key_is_another(AttemptEnd end) =>
        Sent(Attempt(1, Id, AttemptEnd.None)).When(new BeginAttempt(Id, 1, end)).Then(Attempt(2, Id + "#2", end));

    [Test]
    public void After_a_crash_the_answer_counts_as_lost() =>
        Sent(Attempt(1, Id, AttemptEnd.None)).When(new BeginAttempt(Id, 0, AttemptEnd.None)).Then(Attempt(2, Id, AttemptEnd.Lost));

    [Test]
    public void What_a_sender_knows_of_an_older_attempt_does_not_count() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost))
            .When(new BeginAttempt(Id, 1, AttemptEnd.NotTaken)).Then(Attempt(3, Id + "#3", AttemptEnd.Lost));

    [Test]
    public void Taken_is_accepted() => Sent(Attempt(1, Id, AttemptEnd.None)).When(Answer(1, new StripeAnswer.Taken())).Then(new ReportAccepted(Now, Id, false));

    [Test]
    public void Known_from_an_earlier_attempt_is_accepted() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost))
            .When(Answer(2, new StripeAnswer.Exists("m"))).Then(new ReportAccepted(Now, Id, true));

    [TestCase(false)]
    [TestCase(true)]
    public void Known_without_an_attempt_that_may_have_been_taken_is_a_collision(bool tried)
    {
        BillingEvent[] sent = tried ? [Attempt(1, Id, AttemptEnd.None), Attempt(2, Id + "#2", AttemptEnd.NotTaken)] : [Attempt(1, Id, AttemptEnd.None)];
        Sent(sent).When(Answer(sent.Length, new StripeAnswer.Exists("m"))).Then(new ReportRejected(Now, Id, "identifier_collision", "m"));
    }

    [Test]
    public void Known_while_another_sender_tries_is_accepted() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost))
            .When(Answer(1, new StripeAnswer.Exists("m"))).Then(new ReportAccepted(Now, Id, true));

    [Test]
    public void Refused_is_rejected() =>
        Sent(Attempt(1, Id, AttemptEnd.None)).When(Answer(1, new StripeAnswer.Refused("c", "m"))).Then(new ReportRejected(Now, Id, "c", "m"));

    [Test]
    public void Refused_under_the_key_whose_answer_was_lost_is_that_answer() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost))
            .When(Answer(2, new StripeAnswer.Refused("c", "m"))).Then(new ReportRejected(Now, Id, "c", "m"));

    [Test]
    public void Refused_under_another_key_proves_nothing() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id + "#2", AttemptEnd.Failed))
            .When(Answer(2, new StripeAnswer.Refused("c", "m"))).Then(new ReportDoubted(Now, Id, "c", "m"));

    [Test]
    public void Refused_while_another_sender_tries_leaves_it_to_that_one() =>
        Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost)).When(Answer(1, new StripeAnswer.Refused("c", "m"))).Then();

    [Test]
    public void A_key_turned_away_leaves_it_planned_and_certain() =>
        Sent(Attempt(1, Id, AttemptEnd.None)).After(Answer(1, new StripeAnswer.TurnedAway("k", "m")))
            .When(new BeginAttempt(Id, 0, AttemptEnd.None)).Then(Attempt(2, Id + "#2", AttemptEnd.NotTaken));

    [Test]
    public void Accepted_stays_accepted()
    {
        var accepted = new BillingEvent[] { Attempt(1, Id, AttemptEnd.None), new ReportAccepted(Now, Id, false) };
        Sent(accepted).When(Answer(1, new StripeAnswer.Refused("c", "m"))).Then();
        Sent(accepted).When(Answer(1, new StripeAnswer.Taken())).Then();
        Sent(accepted).When(new BeginAttempt(Id, 0, AttemptEnd.None)).Then()
            .ThenAnswered<Stands>(stands => Assert.That(stands.Status, Is.EqualTo(ReportStatus.Accepted)));
    }

    [Test]
    public void Taken_after_a_refusal_is_accepted_all_the_same() =>
        Sent(Attempt(1, Id, AttemptEnd.None), new ReportRejected(Now, Id, "c", "m"))
            .When(Answer(1, new StripeAnswer.Taken())).Then(new ReportAccepted(Now, Id, false));

    [Test]
    public void Beyond_Stripes_window_it_is_not_sent_and_not_shifted()
    {
        var last = Timestamp + UsageWindow.Back;
        Sent().By(Patient).When(new BeginAttempt(Id, 0, AttemptEnd.None), last).Then(Attempt(1, Id, AttemptEnd.None) with { At = last });
        Sent().By(Patient).When(new BeginAttempt(Id, 0, AttemptEnd.None), last.AddTicks(1)).Then(new ReportMissedWindow(last.AddTicks(1), Id))
            .ThenAnswered<Stands>(stands => Assert.That(stands.Status, Is.EqualTo(ReportStatus.OutOfWindow)));
    }

    [Test]
    public void Beyond_it_after_a_lost_answer_it_is_in_doubt()
    {
        var late = Timestamp + UsageWindow.Back + TimeSpan.FromTicks(1);
        Sent(Attempt(1, Id, AttemptEnd.None)).By(Patient).When(new BeginAttempt(Id, 1, AttemptEnd.Lost), late)
            .Then(new ReportDoubted(late, Id, "out_of_window", "an earlier attempt may have been taken; too late to ask"));
    }

    [Test]
    public void Once_the_invoice_is_final_it_is_not_sent()
    {
        var final = End + BillingPolicy.Default.Grace;
        Sent().When(new BeginAttempt(Id, 0, AttemptEnd.None), final.AddTicks(-1)).Then(Attempt(1, Id, AttemptEnd.None) with { At = final.AddTicks(-1) });
        Sent().When(new BeginAttempt(Id, 0, AttemptEnd.None), final).Then(new ReportMissedWindow(final, Id));
        Sent(Attempt(1, Id, AttemptEnd.None)).When(new BeginAttempt(Id, 1, AttemptEnd.Lost), final)
            .Then(new ReportDoubted(final, Id, "invoice_final", "an earlier attempt may have been taken; too late to ask"));
    }

    [Test]
    public void What_was_accepted_or_is_in_doubt_can_be_missing()
    {
        foreach (BillingEvent end in new BillingEvent[] { new ReportAccepted(Now, Id, false), new ReportDoubted(Now, Id, "c", "m") })
            Sent(Attempt(1, Id, AttemptEnd.None), end).When(new MarkMissing(Id, "not in the summary")).Then(new ReportMissing(Now, Id, "not in the summary"))
                .ThenAnswered<Stands>(stands => Assert.That(stands.Status, Is.EqualTo(ReportStatus.Missing)));
    }

    [Test]
    public void What_the_summaries_contain_is_missing_only_by_force()
    {
        BillingSpec Confirmed() => Sent(Attempt(1, Id, AttemptEnd.None), new ReportAccepted(Now, Id, false), new ReportConfirmed(Now, Id));
        Confirmed().When(new MarkMissing(Id, "why")).Then()
            .ThenAnswered<Stands>(stands => Assert.That(stands.Status, Is.EqualTo(ReportStatus.Confirmed)));
        Confirmed().When(new MarkMissing(Id, "why", Force: true)).Then(new ReportMissing(Now, Id, "why"));
    }

    [Test]
    public void Nothing_else_can_and_nothing_is_missing_twice()
    {
        Sent().When(new MarkMissing(Id, "why")).Then();
        Sent(Attempt(1, Id, AttemptEnd.None)).When(new MarkMissing(Id, "why")).Then();
        Sent(Attempt(1, Id, AttemptEnd.None), new ReportRejected(Now, Id, "c", "m")).When(new MarkMissing(Id, "why")).Then();
        Sent(Attempt(1, Id, AttemptEnd.None), new ReportAccepted(Now, Id, false), new ReportMissing(Now, Id, "a")).When(new MarkMissing(Id, "b")).Then();
    }

    [Test]
    public void Ahead_of_it_it_waits()
    {
        var early = Timestamp - UsageWindow.Ahead - TimeSpan.FromHours(1);
        var planned = Fresh.Select(one => one with { At = early }).ToArray();
        Given(planned).When(new BeginAttempt(Id, 0, AttemptEnd.None), early).Then()
            .ThenAnswered<NotYet>(wait => Assert.That(wait.Until, Is.EqualTo(Timestamp - UsageWindow.Ahead)));
    }

    [Test]
    public void An_identifier_is_trusted_for_23_hours_from_the_first_attempt_that_may_have_been_taken()
    {
        var spec = () => Sent(Attempt(1, Id, AttemptEnd.None), Attempt(2, Id, AttemptEnd.Lost) with { At = Now.AddHours(22) });
        spec().When(new BeginAttempt(Id, 2, AttemptEnd.Lost), Now.AddHours(23).AddTicks(-1))
            .Then(Attempt(3, Id + "#3", AttemptEnd.Lost) with { At = Now.AddHours(23).AddTicks(-1) });
        spec().When(new BeginAttempt(Id, 2, AttemptEnd.Lost), Now.AddHours(23)).Then(new ReportDoubted(
            Now.AddHours(23), Id, "identifier_expired", "Stripe may have forgotten the identifier: sent again, it might count twice"));
    }

    [Test]
    public void An_outage_in_which_nothing_arrived_does_not_use_it_up() =>
        Sent(Attempt(1, Id, AttemptEnd.None)).By(Patient).When(new BeginAttempt(Id, 1, AttemptEnd.NotTaken), Now.AddDays(9))
            .Then(Attempt(2, Id + "#2", AttemptEnd.NotTaken) with { At = Now.AddDays(9) });

    [Test]
    public void What_cannot_be_stops_the_reader()
    {
        Assert.That(() => Given(new ReportAccepted(Now, Id, false)), Throws.InvalidOperationException);
        Assert.That(() => Given([.. Fresh, new ReportLinked(Now, Id, "cus")]), Throws.InvalidOperationException);
    }

    private static BillingSpec Sent(params BillingEvent[] events) => Given([.. Fresh, .. events]);

    private static ReportSent Attempt(int number, string key, AttemptEnd earlier) => new(Now, Id, number, key, earlier);

    private static RecordAnswer Answer(int attempt, StripeAnswer answer) => new(Id, attempt, answer);
}
