using Metering.BillingSync.Reports;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>What can no longer be billed in its period moves to one that can, and nothing is moved twice.</summary>
public sealed class CarryingTests
{
    private static readonly string Id = IdentifierOf(1, 10);
    private static readonly DateTimeOffset Final = End + BillingPolicy.Default.Grace;
    private static readonly BillingEvent[] Accepted =
        [Taken(10, false, 700), Planned(1, 10, false, "700"), new ReportSent(Now, Id, 1, Id, AttemptEnd.None), new ReportAccepted(Now, Id, false)];

    [Test]
    public void Until_the_invoice_is_final_the_period_itself_is_corrected() =>
        Given(Accepted).When(Closed(12, Usage(650)), Final.AddTicks(-1)).ThenValues(700, -50);

    [Test]
    public void After_that_the_rest_waits_and_is_listed() =>
        Given(Accepted).When(Closed(12, Usage(650)), Final).Then(Taken(12, true, 650) with { At = Final })
            .When(new Survey(), Final).ThenAnswered<Surveyed>(answer => Assert.That(
                answer.Lines.Select(line => (line.Balance.Rest, line.Waits)), Is.EqualTo(new[] { (-50L, (CarryReason?)CarryReason.InvoiceFinal) })));

    [Test]
    public void It_moves_to_the_open_period()
    {
        var spec = Given(Accepted).After(Closed(12, Usage(650)), Final).When(Carry(3), Final).Then(Carried(1, 3, -50));
        spec.ThenLine(1, target: 700, reported: 700);
        spec.When(Carry(3), Final).Then();
    }

    [Test]
    public void Usage_out_of_the_window_moves_as_well()
    {
        var late = End + UsageWindow.Back;
        Given().By(Patient).After(Closed(12, Usage(650)), late).When(Carry(3), late)
            .Then(Carried(1, 3, 650, CarryReason.OutOfWindow) with { At = late });
    }

    [Test]
    public void The_period_that_takes_it_is_billed_with_it() =>
        Given(Accepted).After(Closed(12, Usage(650)), Final).After(Carry(3), Final)
            .When(Take(30, false, Customer, [Usage(100)], 3) with { End = Later }, Later).ThenValues(700, 50);

    [Test]
    public void One_that_was_reported_already_is_reported_anew() =>
        Given(Accepted).After(Closed(12, Usage(650)), Final)
            .After(Take(30, false, Customer, [Usage(100)], 3) with { End = Later }, Final).When(Carry(3), Final).ThenValues(700, 100, -50);

    [Test]
    public void Less_than_nothing_moves_on_once_the_period_is_closed()
    {
        var spec = Given(Accepted).After(Closed(12, Usage(0)), Final).After(Carry(3), Final)
            .After(Take(30, false, Customer, [Usage(100)], 3) with { End = Later }, Later)
            .When(Carry(4), Later).Then()
            .After(Take(32, true, Customer, [Usage(100)], 3) with { End = Later }, Later)
            .When(Carry(4), Later).Then(Carried(3, 4, -600, CarryReason.BelowZero) with { At = Later });
        spec.ThenLine(3, target: 0, reported: 0);
        spec.After(Take(40, true, Customer, [Usage(1_000)], 4) with { End = Later }, Later).ThenLine(4, target: 400, reported: 400);
    }

    [Test]
    public void What_Stripe_refused_moves() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"), new ReportSent(Now, Id, 1, Id, AttemptEnd.None), new ReportRejected(Now, Id, "c", "m"))
            .When(Carry(3), Final).Then(Carried(1, 3, 700));

    [Test]
    public void What_went_missing_moves() =>
        Given([.. Accepted, new ReportMissing(Now, Id, "not there")]).When(Carry(3), Final).Then(Carried(1, 3, 700));

    [Test]
    public void A_sum_below_zero_is_billed_as_nothing_and_moves_nothing()
    {
        var spec = Given([.. Accepted, Taken(12, true, 0), Planned(2, 12, true, "-700")]);
        var taken = new BillingCommand[] { new BeginAttempt(IdentifierOf(2, 12), 0, AttemptEnd.None), Answered(IdentifierOf(2, 12)) };
        spec.After(taken).After(new MarkMissing(Id, "not there")).When(Carry(3), Final).Then().When(new Survey(), Final)
            .ThenAnswered<Surveyed>(answer => Assert.That(answer.Lines.Single().IsSettled, Is.True));
    }

    [Test]
    public void What_came_too_late_to_be_sent_moves() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700")).After(new BeginAttempt(Id, 0, AttemptEnd.None), Final)
            .When(Carry(3), Final).Then(Carried(1, 3, 700));

    [Test]
    public void What_never_got_a_customer_moves() =>
        Given().After(Take(10, false, null, [Usage(700)])).When(Carry(3), Final)
            .Then(new ReportMissedWindow(Final, IdentifierOf(1, 10, null)), Carried(1, 3, 700));

    [Test]
    public void A_customer_who_comes_after_the_invoice_is_not_billed_on_it() =>
        Given().After(Take(10, false, null, [Usage(700)])).When(Take(20, false, Customer, [], period: 2) with { End = Later }, Final)
            .Then(
                Taken(20, false, 0, period: 2) with { Lines = [], At = Final, End = Later }, new ReportMissedWindow(Final, IdentifierOf(1, 10, null)));

    [Test]
    public void What_is_in_flight_or_in_doubt_stays()
    {
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"), new ReportSent(Now, Id, 1, Id, AttemptEnd.None)).When(Carry(3), Final).Then();
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"), new ReportSent(Now, Id, 1, Id, AttemptEnd.None), new ReportDoubted(Now, Id, "c", "m"))
            .When(Carry(3), Final).Then();
    }

    [Test]
    public void No_period_takes_its_own_rest_nor_a_later_ones() =>
        Given(Accepted).After(Closed(12, Usage(650)), Final).When(Carry(1), Final).Then();

    [Test]
    public void To_a_period_that_is_final_itself_nothing_moves()
    {
        var late = Later + BillingPolicy.Default.Grace;
        Given(Accepted).After(Closed(12, Usage(650)), Final).When(Carry(3), late).Then()
            .When(new Survey(), late).ThenAnswered<Surveyed>(answer => Assert.That(answer.Lines.Single().Waits, Is.EqualTo(CarryReason.InvoiceFinal)));
    }

    [Test]
    public void Only_the_period_asked_for_is_emptied() =>
        Given(Accepted).After(Closed(12, Usage(650)), Final).After(Take(20, true, Customer, [Usage(40)], 2), Final)
            .When(Carry(3) with { From = 2 }, Final).Then(Carried(2, 3, 40));

    [Test]
    public void A_period_whose_plan_reports_nothing_is_billed_with_what_it_took() =>
        Given(Accepted).After(Closed(12, Usage(650 + 90)), Final).After(Carry(3), Final)
            .When(Take(30, false, Customer, [], 3) with { End = Later }, Later).ThenValues(700, 40);

    private static DateTimeOffset Later => Final.AddDays(20);

    private static RecordAnswer Answered(string identifier) => new(identifier, 1, new StripeAnswer.Taken());

    private static CarryForward Carry(int to) => new(User, new OpenPeriod(to, End, Later));

    private static CarriedForward Carried(int from, int to, long value, CarryReason reason = CarryReason.InvoiceFinal) =>
        new(Final, from, to, "chat", Meter, value, reason);
}
