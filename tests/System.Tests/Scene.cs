using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>What the tests share: meters, plans, ids.</summary>
internal static class Scene
{
    public const string Meter = "llm.tokens";

    /// <summary>A new UUIDv7, dated now or so long ago.</summary>
    public static string NewId(TimeSpan ago = default) => Guid.CreateVersion7(TimeProvider.System.GetUtcNow() - ago).ToString();

    public static Line Line(long quantity, string meter = Meter) => new() { Meter = meter, Quantity = quantity };

    /// <summary>Declares the meter and publishes a plan with this quota per month and nothing beyond it.</summary>
    public static async Task PublishPlan(this HostProcess host, string plan, long quota, string? stripeMeter = null)
    {
        await host.Catalog.DeclareMeterAsync(new DeclareMeterRequest { Meter = new Meter { Name = Meter, Unit = "tokens" } });
        var group = new LimitGroup { Label = "Tokens", Unit = "tokens", Kind = GroupKind.Funding, Quota = quota, Window = WindowLength.BillingPeriod };
        group.Matches.Add(new Match { Meter = Meter });
        if (stripeMeter is not null) group.Reporting = new Reporting { StripeMeter = stripeMeter, Scale = 1, What = ReportedTotal.Usage };
        await host.Catalog.PublishPlanAsync(new PublishPlanRequest
        {
            CommandId = NewId(),
            Plan = new Plan { Id = plan, Period = WindowLength.Month, Zone = "UTC", Currency = "USD", Groups = { group } },
        });
    }

    public static async Task Assign(this HostProcess host, string user, string plan) =>
        await host.Accounts.AssignPlanAsync(new AssignPlanRequest { User = user, CommandId = NewId(), PlanId = plan });

    public static ReserveRequest Reserve(string user, long quantity, string? id = null) =>
        new() { User = user, CommandId = id ?? NewId(), Lines = { Line(quantity) } };

    /// <summary>How many events the user's ledger has.</summary>
    public static async Task<long> Events(this HostProcess host, string user)
    {
        var usage = await host.Reservations.GetUsageAsync(new GetUsageRequest { User = user });
        return usage.Usage.Revision + 1;
    }

    public static Error ErrorOf(RpcException error) =>
        Error.Parser.ParseFrom(error.Trailers.GetValueBytes("metering-error-bin") ?? throw new AssertionException("no metering-error-bin", error));
}
