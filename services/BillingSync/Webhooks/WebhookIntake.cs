using System.Globalization;
using System.Text.Json;
using Metering.Kernel.Deciding;

namespace Metering.BillingSync.Webhooks;

/// <summary>What became of a webhook that is Stripe's.</summary>
public enum WebhookOutcome { Handled, Repeated, Ignored }

/// <summary>
/// Takes events in: first they are in a stream, with all that is to follow from them; then that is done; only then are they acknowledged.
/// Whatever is away on the way, the next delivery goes on where this one stopped, or whoever takes up what is open. Those of one customer
/// one after the other.
/// </summary>
public sealed class WebhookIntake(
    DecisionRunner<StripeState, StripeCommand, Known> runner, NewsReader reader, AccountSteps steps, ErrorReports errors,
    OpenSteps open, StripeReads stripe, LedgerTrail trail)
{
    private const int Lanes = 64;

    private static readonly Caller Self = new("stripe-webhooks", null);

    private readonly SemaphoreSlim[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1))];

    /// <exception cref="FormatException">It is no event.</exception>
    /// <exception cref="AccountsAwayException">To be delivered again.</exception>
    /// <exception cref="StripeAwayException">To be delivered again.</exception>
    public async Task<WebhookOutcome> Take(JsonElement body, CancellationToken cancellation)
    {
        if (body.TextOrNone("object") == "v2.core.event") return await TakeThin(body, cancellation);
        if (reader.Read(body) is not { } news) return WebhookOutcome.Ignored;
        return await InTurn(news.Subject, () => Take(news, cancellation), cancellation);
    }

    /// <summary>Does what was planned of a customer and is still open.</summary>
    /// <exception cref="AccountsAwayException">It is open still, and in the queue of what is to be taken up.</exception>
    public Task TakeUp(string subject, CancellationToken cancellation) => InTurn(
        subject,
        async () =>
        {
            var known = await Ask(subject, new Survey(), cancellation);
            await steps.Do(subject, known.Open, cancellation);
            return known;
        },
        cancellation);

    private async Task<T> InTurn<T>(string subject, Func<Task<T>> take, CancellationToken cancellation)
    {
        var lane = lanes[(uint)subject.GetHashCode(StringComparison.Ordinal) % Lanes];
        await lane.WaitAsync(cancellation);
        try
        {
            return await take();
        }
        catch
        {
            open.Add(subject);
            throw;
        }
        finally
        {
            lane.Release();
        }
    }

    private async Task<WebhookOutcome> Take(News news, CancellationToken cancellation)
    {
        var known = await Ask(news.Subject, new Hear(news), cancellation);
        if (known.IsInDoubt) known = await Ask(news.Subject, await Current(news, cancellation), cancellation);
        if (known.IsUnlinked && await FindUser(news, cancellation) is { } user)
            known = (await Ask(news.Subject, new Link(user, news.EventId), cancellation)) with { IsRepeat = known.IsRepeat };
        await steps.Do(news.Subject, known.Open, cancellation);
        return known.IsRepeat ? WebhookOutcome.Repeated : WebhookOutcome.Handled;
    }

    private async Task<Hear> Current(News news, CancellationToken cancellation)
    {
        var now = await stripe.Subscription(news.Subscription!.Id, cancellation);
        return new Hear(now is { } about ? news with { Subscription = reader.Subscription(about) } : news, IsCurrent: true);
    }

    /// <summary>The ledgers say whose customer it is, or Stripe's customer does.</summary>
    private async Task<string?> FindUser(News news, CancellationToken cancellation)
    {
        if (!news.Subject.StartsWith("cus_", StringComparison.Ordinal)) return null;
        if (await trail.UserOf(news.Subject, cancellation) is { } user) return user;
        return await stripe.Customer(news.Subject, cancellation) is { } customer ? NewsReader.UserIn(customer) : null;
    }

    private async Task<WebhookOutcome> TakeThin(JsonElement body, CancellationToken cancellation)
    {
        var type = body.Text("type");
        if (!ErrorReports.Types.Contains(type)) return WebhookOutcome.Ignored;
        var heard = new HearErrors(body.Text("id"), type, DateTimeOffset.Parse(body.Text("created"), CultureInfo.InvariantCulture));
        return await errors.Hear(heard, cancellation) ? WebhookOutcome.Handled : WebhookOutcome.Repeated;
    }

    private Task<Known> Ask(string subject, StripeCommand command, CancellationToken cancellation) =>
        runner.Handle(StripeModel.StreamOf(subject), command, Self, cancellation);
}
