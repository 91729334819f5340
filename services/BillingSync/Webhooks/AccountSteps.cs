using Grpc.Core;
using Metering.BillingSync.Sending;
using Metering.Client;
using Metering.Kernel.Deciding;
using Metering.Ledger.Accounts;
using Metering.V1;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>Accounts cannot be reached, or cannot say: ask later.</summary>
public sealed class AccountsAwayException(Exception cause) : Exception($"Accounts did not answer: {cause.Message}", cause);

/// <summary>
/// Asks Accounts for what was planned, each thing once: under an id that the ledger remembers, and after that only if its stream has
/// nothing that came of the ids before.
/// </summary>
public sealed partial class AccountSteps(
    DecisionRunner<StripeState, StripeCommand, Known> runner, LedgerTrail trail, Accounts.AccountsClient accounts, AccountPolicy policy,
    TimeProvider clock, ILogger<AccountSteps> logger)
{
    /// <summary>How long the ledger is trusted to know an id: less than it does, by what clocks differ and calls take.</summary>
    public static readonly TimeSpan Remembered = RememberedIds.Horizon - TimeSpan.FromMinutes(1);

    private const string Reason = "stripe: payment failed";

    private static readonly Caller Self = new("stripe-webhooks", null);

    // gRPC compares deadlines with the system's clock
    private readonly Tries tries = new(
        TimeProvider.System, new MeteringOptions { Timeout = TimeSpan.FromSeconds(8), TryTimeout = TimeSpan.FromSeconds(4) });

    /// <summary>Does a customer's open steps, in order.</summary>
    /// <exception cref="AccountsAwayException">One is not done, nor those after it.</exception>
    public async Task Do(string subject, IReadOnlyList<OpenStep> open, CancellationToken cancellation)
    {
        foreach (var step in open)
        {
            var refused = await Do(subject, step, cancellation);
            SyncMeter.Steps.Add(1, new("kind", step.Planned.Kind.ToString()), new("refused", refused is not null));
            if (refused is not null) LogRefused(step.Planned.Kind, step.Planned.User, subject, refused);
            await runner.Handle(StripeModel.StreamOf(subject), new SettleStep(step.Planned.Command, refused), Self, cancellation);
        }
    }

    /// <summary>Why it was refused; none: it is done.</summary>
    private async Task<string?> Do(string subject, OpenStep step, CancellationToken cancellation)
    {
        var planned = step.Planned;
        if (planned.Lifts is { } suspension && !await trail.IsSuspendedBy(planned.User, suspension, cancellation)) return null;
        if (clock.GetUtcNow() - step.AskedAt < Remembered) return await Ask(subject, planned, step.Commands[^1], cancellation);
        if (await trail.HasDone(planned.User, step.Commands, planned.At, cancellation)) return null;
        var known = await runner.Handle(StripeModel.StreamOf(subject), new RepeatStep(planned.Command), Self, cancellation);
        return await Ask(subject, planned, known.Open.First(open => open.Planned.Command == planned.Command).Commands[^1], cancellation);
    }

    private async Task<string?> Ask(string subject, StepPlanned step, Guid id, CancellationToken cancellation)
    {
        try
        {
            await Call(subject, step, id.ToString(), cancellation);
            return null;
        }
        catch (MeteringException refused) when (IsSoAlready(step.Kind, refused))
        {
            return null;
        }
        catch (MeteringException refused) when (refused is { Field: not "command_id" } && IsRefusal(refused.Status))
        {
            return $"{refused.Status}: {refused.Message}";
        }
        catch (Exception away) when (away is MeteringException or RpcException)
        {
            throw new AccountsAwayException(away);
        }
    }

    private Task Call(string subject, StepPlanned step, string id, CancellationToken cancellation) => step.Kind switch
    {
        StepKind.AssignPlan => tries.Run(call => accounts.AssignPlanAsync(AssignmentOf(subject, step, id), call), cancellation),
        StepKind.EndPlan => tries.Run(
            call => accounts.EndPlanAsync(new EndPlanRequest { User = step.User, CommandId = id }, call), cancellation),
        StepKind.GrantCredit => tries.Run(call => accounts.GrantCreditAsync(GrantOf(step, id), call), cancellation),
        StepKind.Suspend => tries.Run(
            call => accounts.SuspendAsync(new SuspendRequest { User = step.User, CommandId = id, Reason = Reason }, call), cancellation),
        StepKind.Resume => tries.Run(
            call => accounts.ResumeAsync(new ResumeRequest { User = step.User, CommandId = id }, call), cancellation),
        _ => throw new InvalidOperationException($"{step.Kind} cannot be asked"),
    };

    private AssignPlanRequest AssignmentOf(string customer, StepPlanned step, string id) =>
        new() { User = step.User, CommandId = id, PlanId = step.Plan, Change = policy.Change, StripeCustomer = customer };

    private static GrantCreditRequest GrantOf(StepPlanned step, string id) =>
        new() { User = step.User, CommandId = id, Unit = step.Unit, Amount = step.Amount!.Value, Source = step.Source };

    // nothing left to end, or to lift; a suspension of somebody else's is no success: it is theirs to lift
    private static bool IsSoAlready(StepKind kind, MeteringException refused) =>
        (kind == StepKind.EndPlan && refused.Status == StatusCode.NotFound)
        || (kind == StepKind.Resume && refused is { Status: StatusCode.FailedPrecondition, Field: not "command_id" });

    private static bool IsRefusal(StatusCode status) =>
        status is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.AlreadyExists or StatusCode.FailedPrecondition;

    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} for {User} ({Customer}) is refused, see ListStripeProblems: {Why}")]
    private partial void LogRefused(StepKind kind, string user, string customer, string why);
}
