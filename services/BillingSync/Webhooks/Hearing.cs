namespace Metering.BillingSync.Webhooks;

/// <summary>
/// Whether an event says anything new. Deliveries come twice, late and in any order, and events carry whole seconds: what is older than
/// what is known changes nothing, an end is for ever, and where two of the same second differ, only Stripe knows.
/// </summary>
internal static class Hearing
{
    private const string Created = "customer.subscription.created";

    public static EventHeard Take(StripeState state, Hear hear, DateTimeOffset at)
    {
        var news = hear.News;
        var note = news.Subscription is { } subscription ? WhyOld(state, news, subscription, hear.IsCurrent)
            : news.Invoice is { } invoice ? WhyOld(state, invoice) : null;
        return note is null
            ? new EventHeard(at, news.EventId, news.Type, news.Created, news.Subscription, news.Invoice, news.Payment, news.User)
            : new EventHeard(at, news.EventId, news.Type, news.Created, Note: note);
    }

    /// <summary>True where the order of two events is not to be told and matters.</summary>
    public static bool IsInDoubt(StripeState state, Hear hear) =>
        !hear.IsCurrent && hear.News.Type != Created && hear.News.Subscription is { HasEnded: false } news
        && state.Subscription(news.Id) is { News.HasEnded: false } known && known.AsOf == hear.News.Created && known.News != news;

    private static string? WhyOld(StripeState state, News news, SubscriptionNews subscription, bool isCurrent)
    {
        if (state.Subscription(subscription.Id) is not { } known) return null;
        if (known.News.HasEnded) return "the subscription has ended";
        if (subscription.HasEnded || isCurrent) return null;
        return news.Created < known.AsOf || (news.Created == known.AsOf && news.Type == Created) ? "newer is known" : null;
    }

    private static string? WhyOld(StripeState state, InvoiceNews invoice) =>
        invoice.Standing != InvoiceStanding.Settled && state.Invoice(invoice.Id)?.Standing == InvoiceStanding.Settled ? "it is settled" : null;
}
