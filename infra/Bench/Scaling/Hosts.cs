using Metering.Bench.Contestants;
using Metering.Bench.Processes;

namespace Metering.Bench.Scaling;

/// <summary>Hosts on stores that have users already.</summary>
internal static class Hosts
{
    /// <summary>Starts one that has a meter, a plan and the probe, and read models that have caught up with the store.</summary>
    internal static async Task<HostProcess> Start(
        string folder, Store store, params (string Name, string Value)[] settings)
    {
        var host = await HostProcess.Start(folder, store.Setting, settings);
        using (var channel = host.Connect()) await Shop.Open(channel, users: 0);
        await new Visible(host).During(Task.CompletedTask);
        return host;
    }
}
