using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal;

/// <summary>A retry policy as gRPC's A6 proposal describes it: attempts, backoff with full jitter, the server's pushback.</summary>
internal sealed class Retry
{
    private readonly HashSet<StatusCode> _codes;
    private readonly TimeSpan _initial;
    private readonly TimeSpan _max;
    private readonly double _multiplier;

    private Retry(RetryPolicy policy, int maxAttempts)
    {
        MaxAttempts = Math.Min(Required(policy.MaxAttempts, nameof(policy.MaxAttempts)), maxAttempts);
        _initial = Required(policy.InitialBackoff, nameof(policy.InitialBackoff));
        _max = Required(policy.MaxBackoff, nameof(policy.MaxBackoff));
        _multiplier = Required(policy.BackoffMultiplier, nameof(policy.BackoffMultiplier));
        _codes = [.. policy.RetryableStatusCodes];
        if (MaxAttempts < 2) throw new InvalidOperationException("A retry policy needs at least 2 attempts.");
        if (_codes.Count == 0) throw new InvalidOperationException("A retry policy needs at least one retryable status code.");
    }

    public int MaxAttempts { get; }

    /// <summary>The policy for a method: its own, else its service's, else the default.</summary>
    public static Retry? Find(ServiceConfig? config, IMethod method, int maxAttempts)
    {
        if (config is null) return null;
        var policy = Match(config, method.ServiceName, method.Name)
            ?? Match(config, method.ServiceName, null)
            ?? Match(config, null, null);
        return policy?.RetryPolicy is { } retry ? new Retry(retry, maxAttempts) : null;
    }

    /// <summary>How long to wait before the next attempt, or null to give up.</summary>
    public TimeSpan? Wait(int attempt, StatusCode code, string? pushback)
    {
        if (attempt >= MaxAttempts || !_codes.Contains(code)) return null;
        if (pushback is null) return Backoff(attempt);
        var valid = long.TryParse(pushback, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds);
        return valid ? TimeSpan.FromMilliseconds(milliseconds) : null;
    }

    private TimeSpan Backoff(int attempt)
    {
        var bound = Math.Min(_initial.TotalMilliseconds * Math.Pow(_multiplier, attempt - 1), _max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(bound * Random.Shared.NextDouble());
    }

    private static MethodConfig? Match(ServiceConfig config, string? service, string? method) =>
        config.MethodConfigs.FirstOrDefault(c => c.Names.Any(n => Same(n.Service, service) && Same(n.Method, method)));

    private static bool Same(string? a, string? b) => (a ?? "") == (b ?? "");

    private static T Required<T>(T? value, string name) where T : struct =>
        value ?? throw new InvalidOperationException($"A retry policy needs {name}.");
}
