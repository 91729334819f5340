using Metering.BillingSync.Messages;
using Metering.BillingSync.Reports;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>What is reported while a period runs.</summary>
public sealed class SliceTests
{
    private static readonly BillingPolicy Continuous = BillingPolicy.Default with { Continuous = new HashSet<string> { Meter } };
    private static readonly DateTimeOffset Noon = Start.AddHours(12);

    [Test]
    public void Without_the_mode_a_running_period_is_not_reported() => Given().When(Slice(5, Noon, 300), Noon).Then();

    [Test]
    public void Slices_report_what_was_added()
    {
        Given().By(Continuous).After(Slice(5, Noon, 300), Noon).After(Slice(9, Noon.AddHours(1), 450), Noon.AddHours(1))
            .After(Slice(9, Noon.AddHours(2), 450), Noon.AddHours(2)).After(Slice(11, Noon.AddHours(3), 420), Noon.AddHours(3)).ThenValues(300, 150, -30);
    }

    [Test]
    public void A_slice_is_counted_within_itself() =>
        Given().By(Continuous).When(Slice(5, Noon, 300), Noon)
            .Then(
                Taken(5, false, 300) with { At = Noon, SliceEnd = Noon },
                Planned(1, 5, false, "300") with { At = Noon, Reason = PlanReason.Slice, Timestamp = Noon.AddSeconds(-1) });

    [Test]
    public void The_end_and_the_close_report_the_rest_only() =>
        Given().By(Continuous).After(Slice(5, Noon, 300), Noon).After(Ended(10, Usage(700)), Closed(12, Usage(650))).ThenValues(300, 400, -50);

    [Test]
    public void A_slice_that_comes_after_the_end_says_nothing_new() =>
        Given().By(Continuous).After(Ended(10, Usage(700))).When(Slice(9, Noon, 300), Noon).Then();

    [Test]
    public void Other_meters_of_the_period_wait_for_its_end()
    {
        var image = Usage(30) with { Group = "image", Reporting = new("images", 1, "usage") };
        var slice = Slice(5, Noon, 300);
        Given().By(Continuous).After(slice with { Lines = [.. slice.Lines, .. PeriodTotals.LinesOf([image])] }, Noon)
            .After(Ended(10, Usage(700), image)).ThenValues(300, 400, 30);
    }

    [Test]
    public void What_a_plan_change_no_longer_reports_is_taken_back() =>
        Given().By(Continuous).After(Slice(5, Noon, 300), Noon).After(Ended(10, Usage(700) with { Reporting = new("other", 1, "usage") }))
            .ThenValues(300, 700, -300);

    [Test]
    public void A_refused_slice_is_in_the_next()
    {
        var spec = Given().By(Continuous).After(Slice(5, Noon, 300), Noon);
        var id = IdentifierOf(1, 5);
        spec.After(new BeginAttempt(id, 0, AttemptEnd.None), Noon).After(new RecordAnswer(id, 1, new StripeAnswer.Refused("c", "m")), Noon)
            .After(Slice(9, Noon.AddHours(1), 450), Noon.AddHours(1)).ThenValues(300, 450);
    }

    private static TakeTotals Slice(long revision, DateTimeOffset until, long quota) => Ended(revision, Usage(quota)) with { SliceEnd = until };
}
