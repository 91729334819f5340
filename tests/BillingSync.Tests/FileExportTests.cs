using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Usage exported to a file, for those who bill elsewhere.</summary>
public sealed class FileExportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("metering-export-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [TestCase("usage.csv", "identifier,event_name,customer,value,timestamp\na,tokens,cus_ann,700,2026-10-31T23:59:59Z\nb,tokens,\"cus,\"\"b\",-5,2026-10-31T23:59:59Z\n")]
    [TestCase("usage.ndjson", """
        {"identifier":"a","event_name":"tokens","customer":"cus_ann","value":700,"timestamp":"2026-10-31T23:59:59Z"}
        {"identifier":"b","event_name":"tokens","customer":"cus,\u0022b","value":-5,"timestamp":"2026-10-31T23:59:59Z"}

        """)]
    public async Task A_report_is_a_line(string name, string expected)
    {
        using (var export = new FileExport(PathOf(name)))
        {
            await Send(export, "a", "700");
            await export.Send(new Outgoing("b", Meter, "cus,\"b", "-5", Timestamp), "b");
        }
        Assert.That(await File.ReadAllTextAsync(PathOf(name)), Is.EqualTo(expected));
    }

    [TestCase("usage.csv")]
    [TestCase("usage.ndjson")]
    public async Task An_identifier_is_never_there_twice(string name)
    {
        using (var export = new FileExport(PathOf(name)))
        {
            Assert.That(await Send(export, "a", "700"), Is.InstanceOf<StripeAnswer.Taken>());
            Assert.That(await Send(export, "a", "700"), Is.InstanceOf<StripeAnswer.Exists>());
        }
        var before = await File.ReadAllTextAsync(PathOf(name));
        using (var again = new FileExport(PathOf(name))) Assert.That(await Send(again, "a", "700"), Is.InstanceOf<StripeAnswer.Exists>());
        Assert.That(await File.ReadAllTextAsync(PathOf(name)), Is.EqualTo(before));
    }

    [TestCase("usage.csv")]
    [TestCase("usage.ndjson")]
    public async Task A_line_that_a_crash_cut_off_is_written_anew(string name)
    {
        using (var export = new FileExport(PathOf(name)))
        {
            await Send(export, "a", "700");
            await Send(export, "b", "40");
        }
        var whole = await File.ReadAllTextAsync(PathOf(name));
        await File.WriteAllTextAsync(PathOf(name), whole[..^9]);
        using (var again = new FileExport(PathOf(name))) Assert.That(await Send(again, "b", "40"), Is.InstanceOf<StripeAnswer.Taken>());
        Assert.That(await File.ReadAllTextAsync(PathOf(name)), Is.EqualTo(whole));
    }

    [TestCase("usage.csv", "a,b\n")]
    [TestCase("usage.ndjson", "{\"id\":1}\n")]
    [TestCase("usage.ndjson", "hello\n")]
    public async Task Another_file_is_refused(string name, string content)
    {
        await File.WriteAllTextAsync(PathOf(name), content);
        Assert.That(() => new FileExport(PathOf(name)), Throws.InvalidOperationException.With.Message.Contains("line 1 is no report"));
    }

    [Test]
    public void A_second_writer_is_refused()
    {
        using var export = new FileExport(PathOf("usage.csv"));
        Assert.That(() => new FileExport(PathOf("usage.csv")), Throws.InvalidOperationException.With.Message.Contains("Billing:Sink"));
    }

    [Test]
    public async Task Whatever_step_the_process_dies_at_each_report_is_one_line()
    {
        for (var step = 1; step <= 14; step++)
        {
            var (path, time, streams) = (PathOf($"step{step}.ndjson"), new HurriedTime(Now), new MemoryStreams(new HurriedTime(Now)));
            foreach (var life in new[] { new Life(step), new Life(int.MaxValue) }) await Live(path, time, streams, life);
            var lines = await File.ReadAllLinesAsync(path);
            Assert.That(lines.Select(line => line.Split('"')[3]), Is.EquivalentTo(new[] { IdentifierOf(1, 10), IdentifierOf(2, 12) }), $"step {step}");
        }
    }

    [Test]
    public async Task A_user_without_a_Stripe_customer_is_exported_under_the_own_name()
    {
        var options = new BillingOptions { Sink = $"file:{PathOf("usage.csv")}" };
        using var export = new FileExport(options.File!);
        await using var process = new SyncProcess(new MemoryStreams(new HurriedTime(Now)), export, new StripeOptions { RequestsPerSecond = 0 }, new HurriedTime(Now), options);
        await process.Start();
        await process.Settle(Take(10, false, null, [Usage(700)]));
        export.Dispose();
        Assert.That(await File.ReadAllTextAsync(PathOf("usage.csv")), Does.Contain($",{Meter},{User},700,"));
    }

    private static async Task Live(string path, HurriedTime time, MemoryStreams streams, Life life)
    {
        using var export = new FileExport(path);
        await using var process = new SyncProcess(
            new MortalStreams(streams, life), new MortalSink(export, life), new StripeOptions { RequestsPerSecond = 0 }, time);
        life.Died = () => _ = process.Sender.Stop(CancellationToken.None);
        await process.Start();
        try
        {
            await process.Intake.Take(Ended(10, Usage(700)), CancellationToken.None);
            await process.Intake.Take(Closed(12, Usage(650)), CancellationToken.None);
        }
        catch (OperationCanceledException) when (life.IsOver)
        {
            // the next life takes them again
        }
        await process.Sender.WhenIdle();
    }

    private static async Task<StripeAnswer> Send(FileExport export, string identifier, string value) =>
        ((SendResult.Answered)await export.Send(new Outgoing(identifier, Meter, Customer, value, Timestamp), identifier)).Answer;

    private string PathOf(string name) => Path.Combine(folder, name);
}
