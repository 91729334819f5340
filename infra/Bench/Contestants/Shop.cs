using Grpc.Core;
using Metering.Bench.Loads;
using Metering.V1;

namespace Metering.Bench.Contestants;

/// <summary>A meter, a plan with more quota than any run uses, and users who have it.</summary>
internal static class Shop
{
    internal const long Quota = 1_000_000_000_000_000;

    /// <summary>A user beside those of the load: to look how soon others see what is recorded.</summary>
    internal static readonly string Probe = Requests.Prefix + "probe";

    internal const string PlanId = "bench";

    /// <param name="users">How many have the plan, beside the probe.</param>
    internal static async Task Open(ChannelBase channel, int users = Users.All)
    {
        var catalog = new Catalog.CatalogClient(channel);
        await catalog.DeclareMeterAsync(new() { Meter = new() { Name = Cycle.Meter, Unit = "tokens" } });
        await catalog.PublishPlanAsync(new() { CommandId = Requests.NewId(), Plan = Plan() });
        var accounts = new Accounts.AccountsClient(channel);
        await Assign(accounts, Probe);
        await Parallel.ForAsync(0, users, new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (user, _) => await Assign(accounts, Requests.User(user)));
    }

    private static async Task Assign(Accounts.AccountsClient accounts, string user) =>
        await accounts.AssignPlanAsync(new() { User = user, CommandId = Requests.NewId(), PlanId = PlanId });

    private static Plan Plan() => new()
    {
        Id = PlanId, Period = WindowLength.Month, Zone = "UTC", Currency = "USD",
        Groups =
        {
            new LimitGroup
            {
                Label = "tokens", Unit = "tokens", Kind = GroupKind.Funding, Quota = Quota, Window = WindowLength.BillingPeriod,
                Matches = { new Match { Meter = "llm.*" } },
            },
        },
    };
}
