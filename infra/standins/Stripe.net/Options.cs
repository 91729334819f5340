namespace Stripe;

public interface INestedOptions
{
}

public class BaseOptions : INestedOptions
{
    public List<string> Expand { get; set; }

    /// <summary>Parameters that the typed options have no property for; sent as given, after the others.</summary>
    public IDictionary<string, object> ExtraParams { get; set; } = new Dictionary<string, object>();

    public void AddExpand(string value) => (Expand ??= []).Add(value);

    public void AddExtraParam(string key, object value) => (ExtraParams ??= new Dictionary<string, object>())[key] = value;
}

public class ListOptions : BaseOptions
{
    public string EndingBefore { get; set; }
    public long? Limit { get; set; }
    public string StartingAfter { get; set; }
}

public class RequestOptions
{
    public string ApiKey { get; set; }
    public string IdempotencyKey { get; set; }
    public string StripeAccount { get; set; }
}

/// <summary>Here only because a constructor names it: a caller passes null.</summary>
internal sealed class AppInfo
{
    internal AppInfo()
    {
    }
}
