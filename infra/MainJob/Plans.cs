using Metering.V1;

namespace Metering.MainJob;

/// <summary>The catalog of this job, and who has which plan.</summary>
internal sealed class Plans(Clients clients)
{
    internal const string Input = "llm.input_tokens";
    internal const string Output = "llm.output_tokens";
    internal const string Group = "Tokens";
    internal const string DailyCap = "per-day";
    internal const long Quota = 130_000;
    internal const long DailyMost = 10_000;

    /// <summary>10 USD per million tokens of overage.</summary>
    internal static readonly Price OveragePrice = new() { Nanos = 10_000_000_000, Per = 1_000_000 };

    private const string Hybrid = "hybrid";
    private const string Capped = "capped";

    internal async Task Publish(CancellationToken cancellation)
    {
        foreach (var meter in (string[])[Input, Output])
        {
            var declared = new DeclareMeterRequest { Meter = new Meter { Name = meter, Unit = "tokens" } };
            await clients.Send(call => clients.Catalog.DeclareMeterAsync(declared, call), cancellation);
        }

        await Publish(HybridPlan(), cancellation);
        await Publish(CappedPlan(), cancellation);
    }

    internal Task Assign(User user, CancellationToken cancellation) => Assign(user.Id, Hybrid, user.Customer, cancellation);

    internal Task AssignCapped(string user, CancellationToken cancellation) => Assign(user, Capped, null, cancellation);

    /// <summary>Ends the user's plan, and its period with it.</summary>
    internal Task End(string user, CancellationToken cancellation)
    {
        var end = new EndPlanRequest { User = user, CommandId = clients.NewId() };
        return clients.Send(call => clients.Accounts.EndPlanAsync(end, call), cancellation);
    }

    private Task Publish(Plan plan, CancellationToken cancellation)
    {
        var publish = new PublishPlanRequest { CommandId = clients.NewId(), Plan = plan };
        return clients.Send(call => clients.Catalog.PublishPlanAsync(publish, call), cancellation);
    }

    private Task Assign(string user, string plan, string? customer, CancellationToken cancellation)
    {
        var assign = new AssignPlanRequest { User = user, CommandId = clients.NewId(), PlanId = plan };
        if (customer is not null) assign.StripeCustomer = customer;
        return clients.Send(call => clients.Accounts.AssignPlanAsync(assign, call), cancellation);
    }

    // Its month starts with the subscription: no first of a month can fall into the run and split the totals.
    private static Plan HybridPlan()
    {
        var tokens = Tokens(Quota);
        tokens.Overage = new Overage { Mode = TierMode.Graduated, Tiers = { new Tier { Price = OveragePrice } } };
        tokens.Reporting = new Reporting { StripeMeter = StripeAccount.Meter, Scale = 1, What = ReportedTotal.Usage };
        return New(Hybrid, tokens);
    }

    private static Plan CappedPlan() => New(Capped, Tokens(1_000_000), new LimitGroup
    {
        Label = DailyCap, Unit = "tokens", Kind = GroupKind.Cap, Quota = DailyMost,
        Window = WindowLength.Day, Anchor = Anchor.SubscriptionStart,
        Matches = { new Match { Meter = "llm.*" } },
    });

    private static LimitGroup Tokens(long quota) => new()
    {
        Label = Group, Unit = "tokens", Kind = GroupKind.Funding, Quota = quota, Window = WindowLength.BillingPeriod,
        Matches = { new Match { Meter = "llm.*" } },
    };

    private static Plan New(string id, params ReadOnlySpan<LimitGroup> groups)
    {
        var plan = new Plan { Id = id, Period = WindowLength.Month, Anchor = Anchor.SubscriptionStart, Zone = "UTC", Currency = "USD" };
        foreach (var group in groups) plan.Groups.Add(group);
        return plan;
    }
}
