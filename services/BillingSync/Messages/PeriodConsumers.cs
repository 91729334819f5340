using MassTransit;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Contracts.Messages;
using Metering.Kernel.Deciding;

namespace Metering.BillingSync.Messages;

/// <summary>From a period message to planned reports in the sender's queue. Once the call returns, the plan is durable; twice plans nothing new.</summary>
public sealed class PeriodIntake(DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, ReportSender sender)
{
    private static readonly Caller Self = new("billing-sync", null);

    /// <summary>Plans, and returns the stream's revision that has it all: <see cref="ReadModels.BillingView.WaitFor"/> takes it.</summary>
    public async Task<long> Take(TakeTotals totals, CancellationToken cancellation)
    {
        SyncMeter.Messages.Add(1);
        var took = (Took)await runner.Handle(BillingModel.StreamOf(totals.User), totals, Self, cancellation);
        sender.Enqueue(totals.User, took.Open);
        return took.Revision;
    }
}

/// <summary>Reports what has settled in a period that ended.</summary>
public sealed class PeriodEndedConsumer(PeriodIntake intake) : IConsumer<PeriodEnded>
{
    public Task Consume(ConsumeContext<PeriodEnded> context) => intake.Take(PeriodTotals.Of(context.Message), context.CancellationToken);
}

/// <summary>Reports the signed rest of a period that is closed.</summary>
public sealed class PeriodClosedConsumer(PeriodIntake intake) : IConsumer<PeriodClosed>
{
    public Task Consume(ConsumeContext<PeriodClosed> context) => intake.Take(PeriodTotals.Of(context.Message), context.CancellationToken);
}

/// <summary>Where both are received.</summary>
public static class PeriodConsumers
{
    public const string Queue = "billing-sync";
}

/// <summary>
/// How both are received: a store that is away for a while costs retries, anything longer the error queue, where operators see it and
/// return it.
/// </summary>
public abstract class PeriodConsumerDefinition<T> : ConsumerDefinition<T> where T : class, IConsumer
{
    /// <summary>Messages at once: each is one durable append, and appends that wait together are written together.</summary>
    private const int AtOnce = 32;

    protected PeriodConsumerDefinition() => (EndpointName, ConcurrentMessageLimit) = (PeriodConsumers.Queue, AtOnce);

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<T> consumer, IRegistrationContext context) =>
        consumer.UseMessageRetry(retry =>
        {
            retry.Exponential(6, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(200));
            retry.Ignore<UnusableTotalsException>();
        });
}

internal sealed class PeriodEndedDefinition : PeriodConsumerDefinition<PeriodEndedConsumer>;

internal sealed class PeriodClosedDefinition : PeriodConsumerDefinition<PeriodClosedConsumer>;
