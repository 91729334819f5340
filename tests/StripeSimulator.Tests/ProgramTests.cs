using System.Diagnostics;
using System.Net;

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

    [TestCase("--meter", "needs a value")]
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
