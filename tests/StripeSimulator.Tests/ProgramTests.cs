using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulatorTests;

/// <summary>The simulator as a program of its own, started as its users start it.</summary>
public class ProgramTests
{
    private const string Announcement = "stripe simulator: ";

    [Test, CancelAfter(30_000)]
    public async Task It_says_where_it_listens_and_ends_with_its_input(CancellationToken cancellationToken)
    {
        using var program = Start("--port 0 --stop-with-stdin");
        var line = await program.StandardOutput.ReadLineAsync(cancellationToken);
        Assert.That(line, Does.StartWith(Announcement + "http://127.0.0.1:"));
        using var http = new HttpClient();
        Assert.That(await http.GetStringAsync(line![Announcement.Length..] + "/state", cancellationToken), Does.Contain("accounts"));
        program.StandardInput.Close();
        await program.WaitForExitAsync(cancellationToken);
        Assert.That(program.ExitCode, Is.Zero);
    }

    [Test, CancelAfter(30_000)]
    public async Task Its_accounts_have_the_meters_asked_for(CancellationToken cancellationToken)
    {
        using var program = Start("--port 0 --stop-with-stdin --meter tokens --meter images");
        var line = await program.StandardOutput.ReadLineAsync(cancellationToken);
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", "sk_test_any") } };
        var meters = await http.GetStringAsync(line![Announcement.Length..] + "/v1/billing/meters?status=active", cancellationToken);
        Assert.That(meters, Does.Contain("\"tokens\"").And.Contain("\"images\"").And.Contain("\"sum\""));
        program.StandardInput.Close();
        await program.WaitForExitAsync(cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task It_refuses_keys_that_are_neither_for_tests_nor_named(CancellationToken cancellationToken)
    {
        using var program = Start("--port 0 --stop-with-stdin --api-key sk_live_named");
        var address = (await program.StandardOutput.ReadLineAsync(cancellationToken))![Announcement.Length..];
        using var http = new HttpClient();
        var answers = new List<int>();
        foreach (var key in new[] { "sk_test_any", "rk_test_any", "sk_live_named", "sk_live_other", "pk_test_any", "sk_test_" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address + "/v1/billing/meters") { Headers = { Authorization = new("Bearer", key) } };
            using var answer = await http.SendAsync(request, cancellationToken);
            answers.Add((int)answer.StatusCode);
        }
        Assert.That(answers, Is.EqualTo(new[] { 200, 200, 200, 401, 401, 401 }));
        program.StandardInput.Close();
        await program.WaitForExitAsync(cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task It_starts_ahead_of_time_with_the_webhooks_asked_for(CancellationToken cancellationToken)
    {
        using var program = Start("--stop-with-stdin --ahead 9000:00:00 --webhook http://127.0.0.1:9/a --thin-webhook http://127.0.0.1:9/b "
            + "--webhook-secret s --summary-lag 0:01:00 --summary-lag-varies --invoice-grace 72:00:00 --forget-after 48:00:00 "
            + "--refuse-unknown-customers --accept-unknown-meters --api-version 2026-07-29.dahlia --error-samples 1 "
            + "--samples-name-events --rate-limit 25 --rate-limit-retry");
        var line = await program.StandardOutput.ReadLineAsync(cancellationToken);
        using var http = new HttpClient();
        var state = JsonNode.Parse(await http.GetStringAsync(line![Announcement.Length..] + "/state", cancellationToken))!;
        Assert.That(state["webhooks"]!.AsArray().Select(w => ((string?)w!["url"], (bool?)w["thin"])), Is.EqualTo(new[]
        {
            ("http://127.0.0.1:9/a", (bool?)false), ("http://127.0.0.1:9/b", true),
        }));
        Assert.That((DateTimeOffset?)state["now"], Is.GreaterThan(TimeProvider.System.GetUtcNow().AddHours(8999)));
        program.StandardInput.Close();
        await program.WaitForExitAsync(cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task Its_help_says_what_it_can(CancellationToken cancellationToken)
    {
        using var program = Start("--help");
        var help = await program.StandardOutput.ReadToEndAsync(cancellationToken);
        await program.WaitForExitAsync(cancellationToken);
        Assert.That(program.ExitCode, Is.Zero);
        Assert.That(help, Does.Contain("--meter EVENT_NAME").And.Contain("--thin-webhook URL").And.Contain("/simulator/clock"));
    }

    [TestCase("--meter", "needs a value")]
    [TestCase("--ahead 1h", "needs a time as 25:00:00")]
    [TestCase("--webhook here", "needs an http address")]
    [TestCase("--urls http://0.0.0.0:0", "loopback")]
    [TestCase("--urls http://example.com:80", "loopback")]
    [TestCase("--urls", "needs a value")]
    [TestCase("--port x", "needs a number")]
    [TestCase("--nope", "Unknown option --nope")]
    [CancelAfter(30_000)]
    public async Task It_refuses_what_it_does_not_understand(string arguments, string words, CancellationToken cancellationToken)
    {
        using var program = Start(arguments);
        Assert.That(await program.StandardError.ReadToEndAsync(cancellationToken), Does.Contain(words));
        await program.WaitForExitAsync(cancellationToken);
        Assert.That(program.ExitCode, Is.EqualTo(2));
    }

    private static Process Start(string arguments)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "StripeSimulator.dll");
        return Process.Start(new ProcessStartInfo("dotnet", $"\"{dll}\" {arguments}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }
}
