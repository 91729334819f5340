using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Each way in which a call can end, through Stripe.net, and what becomes of the report. A result on a double: the simulator.</summary>
public sealed class ClassificationTests : SimulatedStripe
{
    private const string Html = "<html>bad gateway</html>";

    private static readonly TestCaseData[] Faults =
    [
        Case("all is well", null, ReportStatus.Accepted, 1, false),
        Case("request lost", new(FaultKind.LoseRequest), ReportStatus.Accepted, 2, false),
        Case("answer lost: the same key replays it", new(FaultKind.LoseAnswer), ReportStatus.Accepted, 2, false),
        Case("answers lost", new(FaultKind.LoseAnswer) { Times = 2 }, ReportStatus.Accepted, 3, true),
        Case("500 after recording: another key finds the identifier", new(FaultKind.FailAfter), ReportStatus.Accepted, 2, true),
        Case("500", new(FaultKind.Answer), ReportStatus.Accepted, 2, false),
        Case("409", new(FaultKind.Answer) { Status = 409 }, ReportStatus.Accepted, 2, false),
        Case("429", new(FaultKind.Answer) { Status = 429 }, ReportStatus.Accepted, 2, false),
        Case("429 not to be retried", new(FaultKind.Answer) { Status = 429, ShouldRetry = false }, ReportStatus.Accepted, 2, false),
        Case("502 of a proxy", new(FaultKind.Answer) { Status = 502, Body = Html, ContentType = "text/html" }, ReportStatus.Accepted, 2, false),
        Case("400 of a proxy", new(FaultKind.Answer) { Status = 400, Body = Html, ContentType = "text/html" }, ReportStatus.Accepted, 2, false),
        Case("403 of a proxy", new(FaultKind.Answer) { Status = 403, Body = Html, ContentType = "text/html" }, ReportStatus.Accepted, 2, false),
        Case("200 that is no JSON", new(FaultKind.Answer) { Status = 200, Body = Html, ContentType = "text/html" }, ReportStatus.Accepted, 2, false),
        Case("404", new(FaultKind.Answer) { Status = 404 }, ReportStatus.Accepted, 2, false),
        Case("400", new(FaultKind.Answer) { Status = 400 }, ReportStatus.Rejected, 1, false),
    ];

    [TestCaseSource(nameof(Faults))]
    public async Task A_report_ends(Fault? fault, ReportStatus status, int attempts, bool duplicate)
    {
        if (fault is not null) Simulator.Faults.Add(fault);
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Attempts, await Duplicates()), Is.EqualTo((status, attempts, duplicate ? 1 : 0)));
        Assert.That(Total(), Is.EqualTo(status == ReportStatus.Accepted ? "700" : "0"));
    }

    [Test]
    public async Task Keys_of_attempts_are_the_identifier_and_then_numbered()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer) { Times = 2 });
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var id = IdentifierOf(1, 10);
        Assert.That(Simulator.Requests.Select(request => request.IdempotencyKey), Is.EqualTo(new[] { id, id, id + "#3" }));
        Assert.That(Account.Events.Single().Timestamp, Is.EqualTo(Timestamp.ToUnixTimeSeconds()));
    }

    [Test]
    public async Task An_identifier_that_somebody_else_used_is_a_collision()
    {
        using var sink = new StripeMeters(Options);
        await sink.Send(new Outgoing(IdentifierOf(1, 10), Meter, "cus_other", "5", Timestamp), "other");
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Code), Is.EqualTo((ReportStatus.Rejected, "identifier_collision")));
    }

    [Test]
    public async Task An_idempotency_key_with_other_content_is_refused()
    {
        using var sink = new StripeMeters(Options);
        await sink.Send(new Outgoing("other", Meter, Customer, "5", Timestamp), IdentifierOf(1, 10));
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Code), Is.EqualTo((ReportStatus.Rejected, "idempotency_error")));
    }

    [Test]
    public async Task A_refusal_whose_answer_was_lost_is_learnt_by_the_same_key()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer) { EventName = "unknown" });
        var process = await StartProcess();
        var group = Usage(700);
        await process.Settle(Ended(10, group with { Reporting = group.Reporting! with { StripeMeter = "unknown" } }));
        var report = await process.TheReport(User);
        Assert.That((report.Status, report.Attempts), Is.EqualTo((ReportStatus.Rejected, 2)));
    }

    [TestCase(401)]
    [TestCase(403)]
    public async Task A_refused_key_stops_everything_and_a_restart_goes_on(int status)
    {
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = status });
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        Assert.That(process.Sender.Halted, Is.Not.Null);
        await process.Settle(Ended(10, Usage(700)) with { User = "bob", StripeCustomer = "cus_bob" });
        Assert.That((Total(), Total("cus_bob"), Simulator.Requests.Count), Is.EqualTo(("0", "0", 1)));

        var next = await StartProcess();
        await next.Sender.WhenIdle();
        Assert.That((Total(), Total("cus_bob")), Is.EqualTo(("700", "700")));
    }

    [Test]
    public async Task Nobody_there_is_tried_again_and_known_not_to_have_arrived()
    {
        using var closed = new StripeMeters(new StripeOptions { ApiKey = "sk_test_x", ApiBase = "http://127.0.0.1:1" });
        var result = await closed.Send(new Outgoing("id", Meter, Customer, "5", Timestamp), "id");
        Assert.That(result, Is.InstanceOf<SendResult.Later>().With.Property(nameof(SendResult.Later.End)).EqualTo(AttemptEnd.NotTaken));
    }

    [Test]
    public async Task No_answer_in_time_is_a_lost_answer()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold));
        Options.Timeout = TimeSpan.FromMilliseconds(200);
        using var sink = new StripeMeters(Options);
        var result = await sink.Send(new Outgoing("id", Meter, Customer, "5", Timestamp), "id");
        Assert.That(result, Is.InstanceOf<SendResult.Later>().With.Property(nameof(SendResult.Later.End)).EqualTo(AttemptEnd.Lost));
    }

    [Test]
    public async Task One_customers_trouble_holds_up_nobody_else()
    {
        Simulator.Faults.Add(new Fault(FaultKind.Hold) { Identifier = IdentifierOf(1, 10) });
        var process = await StartProcess();
        await process.Intake.Take(Ended(10, Usage(700)), CancellationToken.None);
        await Simulator.Faults.Held;
        var revision = await process.Intake.Take(Ended(10, Usage(40)) with { User = "bob", StripeCustomer = "cus_bob" }, CancellationToken.None);
        await process.View.WaitFor("bob", revision + 2, CancellationToken.None);
        Assert.That((Total(), Total("cus_bob")), Is.EqualTo(("0", "40")));
        Simulator.Faults.Release();
        await process.Sender.WhenIdle();
        Assert.That(Total(), Is.EqualTo("700"));
    }

    private async Task<int> Duplicates()
    {
        var count = 0;
        await foreach (var stored in Streams.Read(BillingModel.StreamOf(User), Kernel.Streams.Direction.Forwards, 0))
        {
            if (BillingEvents.Decode(stored.Type, stored.Data.Span) is ReportAccepted { Duplicate: true }) count++;
        }
        return count;
    }

    private static TestCaseData Case(string name, Fault? fault, ReportStatus status, int attempts, bool duplicate) =>
        new TestCaseData(fault, status, attempts, duplicate).SetArgDisplayNames(name, status.ToString());
}
