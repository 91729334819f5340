using System.Diagnostics;
using Metering.StripeSimulator;

namespace Metering.Messaging.Tests;

/// <summary>The Stripe simulator as a program of its own, so that what it remembers is not weighed here.</summary>
internal sealed class StripeProcess : IAsyncDisposable
{
    private readonly Process process;

    private StripeProcess(Process process, string address) => (this.process, Address) = (process, address);

    public string Address { get; }

    public static async Task<StripeProcess> Start()
    {
        string[] args = [typeof(Simulator).Assembly.Location, "--port", "0", "--any-customer", "--meter", "tokens", "--stop-with-stdin"];
        var process = Process.Start(new ProcessStartInfo("dotnet", args) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadLineAsync() ?? "";
        Assert.That(said, Does.StartWith("stripe simulator: http://"));
        return new(process, said["stripe simulator: ".Length..]);
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
