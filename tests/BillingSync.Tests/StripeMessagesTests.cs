using System.Text.Json.Nodes;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Tests.Webhooks;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>
/// Every message that Stripe is known to send about usage, with the state that follows: here with its own words, or by the name of the
/// test that has it. A result on a double: the simulator.
/// </summary>
public sealed class StripeMessagesTests : SimulatedStripe
{
    private const string Html = "<html>bad gateway</html>";

    /// <summary>The message, where it was found to be tested, and the test's name.</summary>
    private static readonly (string Message, Type Where, string Test)[] Elsewhere =
    [
        ("200", typeof(ClassificationTests), nameof(ClassificationTests.A_report_ends)),
        ("200 for a negative value", typeof(ResyncTests), nameof(ResyncTests.A_refund_of_a_closed_period_is_taken_off_once)),
        ("200 again under the same Idempotency-Key", typeof(ClassificationTests), nameof(ClassificationTests.A_report_ends)),
        ("400 already exists, after a lost answer", typeof(ClassificationTests), nameof(ClassificationTests.A_report_ends)),
        ("400 already exists, by somebody else",
            typeof(ClassificationTests), nameof(ClassificationTests.An_identifier_that_somebody_else_used_is_a_collision)),
        ("400 idempotency_error",
            typeof(ClassificationTests), nameof(ClassificationTests.An_idempotency_key_with_other_content_is_refused)),
        ("400 replayed by its key",
            typeof(ClassificationTests), nameof(ClassificationTests.A_refusal_whose_answer_was_lost_is_learnt_by_the_same_key)),
        ("401, 403", typeof(ClassificationTests), nameof(ClassificationTests.A_refused_key_stops_everything_and_a_restart_goes_on)),
        ("500 after recording, replayed by its key for a day", typeof(ClassificationTests), nameof(ClassificationTests.A_report_ends)),
        ("no connection",
            typeof(ClassificationTests), nameof(ClassificationTests.Nobody_there_is_tried_again_and_known_not_to_have_arrived)),
        ("no answer in time", typeof(ClassificationTests), nameof(ClassificationTests.No_answer_in_time_is_a_lost_answer)),
        ("an identifier forgotten after 24 h",
            typeof(AttemptTests),
            nameof(AttemptTests.An_identifier_is_trusted_for_23_hours_from_the_first_attempt_that_may_have_been_taken)),
        ("a timestamp beyond 35 days is not sent",
            typeof(AttemptTests), nameof(AttemptTests.Beyond_Stripes_window_it_is_not_sent_and_not_shifted)),
        ("a timestamp more than 5 minutes ahead is not sent", typeof(AttemptTests), nameof(AttemptTests.Ahead_of_it_it_waits)),
        ("more than 15 digits are not sent", typeof(PlanningTests), nameof(PlanningTests.More_than_15_digits_are_split)),
        ("one call at a time per customer and meter",
            typeof(ClassificationTests), nameof(ClassificationTests.One_customers_trouble_holds_up_nobody_else)),
        ("an invoice that is final", typeof(CarryingTests), nameof(CarryingTests.After_that_the_rest_waits_and_is_listed)),
        ("an invoice that is not final yet",
            typeof(CarryingTests), nameof(CarryingTests.Until_the_invoice_is_final_the_period_itself_is_corrected)),
        ("usage accepted after the invoice is carried",
            typeof(ResyncTests), nameof(ResyncTests.Late_usage_is_carried_by_the_schedule_and_billed_with_the_open_period)),
        ("a cycle below 0 is billed as 0",
            typeof(CarryingTests), nameof(CarryingTests.Less_than_nothing_moves_on_once_the_period_is_closed)),
        ("v1.billing.meter.error_report_triggered, every code",
            typeof(ErrorReportTests), nameof(ErrorReportTests.A_report_that_Stripe_dropped_is_rejected_with_its_code_and_reported_anew)),
        ("v1.billing.meter.no_meter_found; more errors than samples",
            typeof(ErrorReportTests), nameof(ErrorReportTests.What_it_does_not_name_and_what_is_none_of_ours_is_listed)),
        ("an error report twice",
            typeof(ErrorReportTests), nameof(ErrorReportTests.Told_twice_it_is_rejected_once_and_what_replaced_it_stays)),
        ("a thin event's notification only",
            typeof(ErrorReportTests), nameof(ErrorReportTests.While_Stripe_does_not_say_what_it_is_acknowledged_and_asked_again)),
        ("an event of another API version", typeof(DeliveryTests), nameof(DeliveryTests.Of_another_API_version_it_is_taken_all_the_same)),
        ("a signature with an old t", typeof(DeliveryTests), nameof(DeliveryTests.A_signature_is_of_a_secret_and_of_now)),
        ("customer.subscription.*", typeof(SubscriptionWebhookTests), nameof(SubscriptionWebhookTests.A_status_means)),
        ("checkout.session.completed",
            typeof(PaymentWebhookTests), nameof(PaymentWebhookTests.A_checkout_grants_what_was_paid_once_for_ever)),
        ("invoice.payment_failed, invoice.paid",
            typeof(PaymentWebhookTests), nameof(PaymentWebhookTests.The_third_failed_payment_suspends_and_the_paid_invoice_resumes)),
        ("a customer whom Stripe does not know, told later",
            typeof(ErrorReportTests), nameof(ErrorReportTests.A_customer_whom_Stripe_does_not_know_is_reported_once_there_is_one)),
        ("the key of a later attempt in an error report",
            typeof(ErrorReportTests), nameof(ErrorReportTests.A_later_attempt_is_found_by_its_key)),
        ("a meter that was deactivated",
            typeof(ResyncTests), nameof(ResyncTests.Rejected_for_want_of_a_meter_it_is_reported_once_there_is_one)),
        ("25 calls a second", typeof(ManyUsersTests), nameof(ManyUsersTests.Calls_are_spaced_by_the_rate)),
        ("taken, and gone without a word",
            typeof(ReconcileTests), nameof(ReconcileTests.A_lost_event_is_found_and_a_resync_sends_exactly_the_difference)),
        ("summaries that lag", typeof(ReconcileTests), nameof(ReconcileTests.What_summaries_do_not_show_yet_is_waited_for)),
        ("a sum that is too high", typeof(ReconcileTests), nameof(ReconcileTests.What_somebody_else_sent_is_told_and_never_corrected)),
        ("has_more", typeof(ReconcileTests), nameof(ReconcileTests.More_meters_and_customers_than_a_page_holds)),
        ("a meter of another formula, or with a window",
            typeof(ReconcileTests), nameof(ReconcileTests.A_meter_that_does_not_add_up_cannot_be_compared)),
        ("429, 5xx to a read", typeof(ReconcileTests), nameof(ReconcileTests.A_read_that_fails_is_made_again)),
        ("401, 403 to a read", typeof(ReconcileTests), nameof(ReconcileTests.If_Stripe_is_away_nothing_is_said)),
        ("webhooks twice, late, out of order",
            typeof(SimulatedWebhookTests), nameof(SimulatedWebhookTests.From_its_beginning_to_its_end_it_comes_out_the_same)),
        ("customer.subscription.trial_will_end, .pending_update_*",
            typeof(SubscriptionWebhookTests), nameof(SubscriptionWebhookTests.Whatever_is_told_of_a_subscription_it_says_how_it_stands)),
        ("any other event", typeof(DeliveryTests), nameof(DeliveryTests.Other_events_are_acknowledged_and_leave_no_trace)),
    ];

    private static readonly TestCaseData[] Messages =
    [
        Refused("The event timestamp cannot be more than 35 days in past. Expected a timestamp greater than or equal to 1758141836."),
        Refused("The value in the event payload can have at most 15 digits. Received `1234567890123456`."),
        Refused("No active meter found for event name \"tokens\"."), Refused("No active meter found.", "no_meter"),
        Refused("This customer does not exist.", "resource_missing"),
        Refused("value", "payload_invalid_value"), Refused("customer", "payload_no_customer_defined"),
        Refused("value", "payload_no_value_defined"),
        // documented as told later only; seen at once of some of them
        Refused("archived", "archived_meter"), Refused("no customer", "meter_event_customer_not_found"),
        Refused("too many", "meter_event_dimension_count_too_high"), Refused("value", "meter_event_invalid_value"),
        Refused("customer", "meter_event_no_customer_defined"), Refused("value", "meter_event_value_not_found"),
        Refused("digits", "meter_event_value_too_many_digits"), Refused("dimension", "missing_dimension_payload_keys"),
        Refused("ahead", "timestamp_in_future"), Refused("past", "timestamp_too_far_in_past"), Refused("new", "not_yet_invented"),
        Refused("An event already exists with identifier somebody-elses."),
        Again("409 for a concurrent call", 409, Error("lock", "too_many_concurrent_requests")),
        Again("409 that the client may retry", 409, Error("lock", null), shouldRetry: true),
        Again("429 for a lock", 429, Error("lock", "lock_timeout")),
        Again("429 for a rate", 429, Error("rate", "rate_limit")),
        Again("429 that the client may retry", 429, Error("rate", "rate_limit"), shouldRetry: true),
        Again("500", 500, Error("sorry", null)),
        Again("500 that the client must not retry", 500, Error("sorry", null), shouldRetry: false),
        Again("503", 503, Error("sorry", null)),
        Again("201", 201, "{\"object\":\"billing.meter_event\"}"),
        Again("200 that is no JSON", 200, Html),
        Again("502 of a proxy", 502, Html),
    ];

    [TestCaseSource(nameof(Messages))]
    public async Task A_message_has_its_state(Fault message, ReportStatus status, string? code, int attempts)
    {
        Simulator.Faults.Add(message);
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Code, report.Attempts), Is.EqualTo((status, code, attempts)));
        Assert.That(Total(), Is.EqualTo(status == ReportStatus.Accepted ? "700" : "0"));
    }

    [TestCase(true, ReportStatus.Accepted, null, "700")]
    [TestCase(false, ReportStatus.Rejected, "identifier_collision", "0")]
    public async Task A_duplicate_by_its_code_is_one_whatever_the_words(bool isSecond, ReportStatus status, string? code, string total)
    {
        if (isSecond) Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer));
        Simulator.Faults.Add(Answer(400, Error("The identifier was used.", "duplicate_meter_event"), shouldRetry: false));
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Code, Total()), Is.EqualTo((status, code, total)));
    }

    [Test]
    public void What_is_said_to_be_tested_elsewhere_is()
    {
        foreach (var (message, where, test) in Elsewhere)
        {
            var attributes = where.GetMethod(test)!.GetCustomAttributes(inherit: false);
            Assert.That(attributes.Any(one => one is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute), message);
        }
    }

    private static TestCaseData Refused(string message, string? code = null) =>
        new TestCaseData(Answer(400, Error(message, code), null), ReportStatus.Rejected, code ?? "invalid_request_error", 1)
            .SetArgDisplayNames($"400 {code} {message}");

    private static TestCaseData Again(string name, int status, string body, bool? shouldRetry = null) =>
        new TestCaseData(Answer(status, body, shouldRetry), ReportStatus.Accepted, null, 2).SetArgDisplayNames(name);

    private static Fault Answer(int status, string body, bool? shouldRetry) => new(FaultKind.Answer)
    {
        Status = status, Body = body, ShouldRetry = shouldRetry, ContentType = body == Html ? "text/html" : "application/json",
    };

    private static string Error(string message, string? code)
    {
        var error = new JsonObject { ["type"] = "invalid_request_error", ["message"] = message };
        if (code is not null) error["code"] = code;
        return new JsonObject { ["error"] = error }.ToJsonString();
    }
}
