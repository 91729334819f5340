using Metering.BillingSync.Reports;
using Metering.Contracts.Messages;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>What is planned from which messages.</summary>
public sealed class PlanningTests
{
    [Test]
    public void An_ended_period_reports_what_has_settled() =>
        Given().When(Ended(10, Usage(700))).Then(Taken(10, false, 700), Planned(1, 10, false, "700"));

    [Test]
    public void A_closed_period_reports_the_rest() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"))
            .When(Closed(12, Usage(1000))).Then(Taken(12, true, 1000), Planned(2, 12, true, "300"));

    [Test]
    public void A_rest_may_be_negative() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"))
            .When(Closed(12, Usage(650))).Then(Taken(12, true, 650), Planned(2, 12, true, "-50"));

    [Test]
    public void Nothing_new_plans_nothing_but_is_remembered() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700")).When(Closed(12, Usage(700))).Then(Taken(12, true, 700));

    [Test]
    public void The_same_message_twice_plans_nothing() => Given().After(Ended(10, Usage(700))).When(Ended(10, Usage(700))).Then();

    [Test]
    public void A_repeat_names_again_what_is_still_to_be_sent() =>
        Given().After(Ended(10, Usage(700))).When(Ended(10, Usage(700))).ThenAnswered<Took>(took =>
            Assert.That(took.Open, Is.EqualTo(new[] { new Outgoing(IdentifierOf(1, 10), Meter, Customer, "700", Timestamp) })));

    [Test]
    public void An_ended_period_that_comes_after_its_close_plans_nothing() =>
        Given().After(Closed(12, Usage(650))).When(Ended(10, Usage(700))).Then();

    [Test]
    public void An_empty_close_is_remembered_against_an_earlier_end_that_comes_later() =>
        Given().After(Closed(12, Usage(0))).When(Ended(10, Usage(5))).Then();

    [Test]
    public void Another_period_is_counted_apart() =>
        Given().After(Closed(12, Usage(650))).When(Take(20, false, Customer, [Usage(40)], period: 2))
            .Then(Taken(20, false, 40, period: 2), Planned(1, 20, false, "40", period: 2));

    [Test]
    public void Periods_may_overtake_each_other() =>
        Given().After(Take(20, false, Customer, [Usage(40)], period: 2)).When(Closed(12, Usage(650)))
            .Then(Taken(12, true, 650), Planned(1, 12, true, "650"));

    [Test]
    public void Rounding_happens_once_over_ended_and_closed() =>
        Given().After(Ended(10, Usage(1_999, scale: 1000))).When(Closed(12, Usage(2_998, scale: 1000)))
            .Then(Taken(12, true, 2_998, 2, scale: 1000), Planned(2, 12, true, "1"));

    [Test]
    public void Below_one_unit_nothing_is_reported() =>
        Given().When(Closed(12, Usage(999, scale: 1000))).Then(Taken(12, true, 999, 0, scale: 1000));

    [Test]
    public void Adjustments_of_closed_periods_are_taken_off() =>
        Given().When(Closed(12, Usage(700, adjusted: -200))).Then(Taken(12, true, 500), Planned(1, 12, true, "500"));

    [Test]
    public void A_negative_total_is_billed_as_nothing() =>
        Given().When(Closed(12, Usage(700, adjusted: -900))).Then(Taken(12, true, -200, 0));

    [Test]
    public void A_rejected_report_is_planned_again_under_a_new_identifier() =>
        Given(Taken(10, false, 700), Planned(1, 10, false, "700"), new ReportSent(Now, IdentifierOf(1, 10), 1, "k", AttemptEnd.None),
                new ReportRejected(Now, IdentifierOf(1, 10), "no_meter", "No active meter"))
            .When(Closed(12, Usage(1000))).Then(Taken(12, true, 1000), Planned(2, 12, true, "1000"));

    [TestCase("usage", 1 + 20 + 300 + 4_000 - 7)]
    [TestCase("overage", 4_000 - 5)]
    public void It_reports_what_the_group_says(string what, long target)
    {
        var group = new GroupTotal("chat", "tokens", "funding", 1, 20, 300, 4_000, 0, -7, -5, -900, 0, new Reporting(Meter, 1, what));
        Given().When(Closed(12, group)).ThenValues(target);
    }

    [TestCase(9_000, 0, 1, 9_000L)]
    [TestCase(4_000, -1_500, 1, 2_500L)]
    [TestCase(4_999, -1_500, 1_000, 3L)]
    [TestCase(4_000, -4_001, 1, 0L)]
    [TestCase(0, -7, 10, 0L)]
    public void A_charge_is_in_money_less_what_refunds_were_worth(long charge, long adjustedCharge, long scale, long target)
    {
        var group = new GroupTotal(
            "chat", "tokens", "funding", 0, 0, 0, 4_000, charge, -5, -5, adjustedCharge, 0, new Reporting(Meter, scale, "charge"));
        Given().When(Closed(12, group)).ThenValues(target == 0 ? [] : [target]);
    }

    [Test]
    public void A_group_that_a_plan_change_started_anew_counts_with_the_one_before_it()
    {
        Given().After(Ended(10, Usage(700))).When(Closed(12, Usage(750), Usage(30))).ThenValues(700, 80);
        Given().When(Closed(12, Usage(750, adjusted: -800), Usage(30))).ThenValues(30);
        Given().When(Closed(12, Usage(1_999, scale: 1_000), Usage(1_999, scale: 1_000))).ThenValues(2);
    }

    [Test]
    public void Groups_are_counted_apart_on_the_same_meter()
    {
        var image = Usage(30) with { Group = "image" };
        Given().After(Ended(10, Usage(700), image)).When(Closed(12, Usage(710), image)).ThenValues(700, 30, 10);
    }

    [Test]
    public void A_group_that_reports_nothing_leaves_no_trace() => Given().When(Closed(12, Usage(700) with { Reporting = null })).Then();

    [Test]
    public void Without_a_customer_a_report_waits_unlinked() =>
        Given().When(Take(10, false, null, [Usage(700)])).Then(Taken(10, false, 700, customer: null), Planned(1, 10, false, "700", null))
            .ThenAnswered<Took>(took => Assert.That(took.Open, Is.Empty));

    [Test]
    public void A_later_message_links_what_waits_and_sends_it() =>
        Given().After(Take(10, false, null, [Usage(700)])).When(Closed(12, Usage(1000)))
            .Then(Taken(12, true, 1000), new ReportLinked(Now, IdentifierOf(1, 10, null), Customer), Planned(2, 12, true, "300"))
            .ThenAnswered<Took>(took => Assert.That(took.Open.Select(report => report.Value), Is.EqualTo(new[] { "700", "300" })));

    [Test]
    public void A_message_that_reports_nothing_still_links() =>
        Given().After(Take(10, false, null, [Usage(700)])).When(Take(20, false, Customer, [], period: 2))
            .Then(Taken(20, false, 0, period: 2) with { Lines = [] }, new ReportLinked(Now, IdentifierOf(1, 10, null), Customer));

    [Test]
    public void An_older_message_does_not_bring_back_a_former_customer() =>
        Given().After(Take(20, false, "cus_new", [Usage(40)], period: 2)).When(Take(12, true, "cus_old", [Usage(650)]))
            .Then(Taken(12, true, 650, customer: "cus_old"), Planned(1, 12, true, "650", "cus_new"));

    [Test]
    public void A_correction_goes_to_whom_the_period_was_reported() =>
        Given().After(Ended(10, Usage(700))).When(Take(12, true, "cus_other", [Usage(650)]))
            .Then(Taken(12, true, 650, customer: "cus_other"), Planned(2, 12, true, "-50"));

    [Test]
    public void More_than_15_digits_are_split() =>
        Given().When(Closed(12, Usage(2_500_000_000_000_000))).ThenValues(999_999_999_999_999, 999_999_999_999_999, 500_000_000_000_002);

    [Test]
    public void So_is_what_is_taken_back() =>
        Given().After(Ended(10, Usage(1_000_000_000_000_000))).When(Closed(12, Usage(0)))
            .ThenValues(999_999_999_999_999, 1, -999_999_999_999_999, -1);

    [Test]
    public void A_scale_that_was_forgotten_is_refused() =>
        Assert.That(() => Given().When(Closed(12, Usage(long.MaxValue))), Throws.InstanceOf<UnusableTotalsException>().With.Message.Contains("scale"));

    [Test]
    public void A_total_beyond_64_bits_is_refused_not_cut_off() =>
        Assert.That(
            () => Given().When(Closed(12, Usage(long.MaxValue) with { Overage = 1 })),
            Throws.InstanceOf<UnusableTotalsException>().With.Message.Contains("64 bits"));

    [Test]
    public void Identifiers_are_short_and_never_alike()
    {
        var all = new List<string>();
        foreach (var customer in new[] { null, "cus_1", "cus_12" })
            for (var i = 1; i < 20; i++)
                all.AddRange([IdentifierOf(i, 10, customer), IdentifierOf(1, 10 + i, customer), IdentifierOf(1, 10, customer, 1 + i)]);
        Assert.That(all.Distinct().Count(), Is.EqualTo(3 * (19 + 19 + 19)));
        Assert.That(all, Has.All.Matches<string>(text => text.Length <= 100));
    }

    [TestCase("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-10-31T23:59:59Z")]
    [TestCase("2026-10-01T00:00:00Z", "2026-11-01T00:00:00.5Z", "2026-10-31T23:59:59Z")]
    [TestCase("2026-10-01T00:00:00Z", "2026-10-01T00:00:01Z", "2026-10-01T00:00:00Z")]
    [TestCase("2026-10-01T00:00:00.2Z", "2026-10-01T00:00:01.3Z", "2026-10-01T00:00:01Z")]
    [TestCase("2026-10-01T00:00:00Z", "2026-10-01T00:00:00.4Z", "2026-10-01T00:00:00Z")]
    [TestCase("2026-10-01T00:00:00.2Z", "2026-10-01T00:00:00.4Z", "2026-10-01T00:00:00Z")]
    public void A_timestamp_lies_within_the_period(string start, string end, string expected) =>
        Assert.That(UsageWindow.TimestampOf(DateTimeOffset.Parse(start, null), DateTimeOffset.Parse(end, null)), Is.EqualTo(DateTimeOffset.Parse(expected, null)));
}
