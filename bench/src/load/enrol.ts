/** Vehicles with their devices, enrolled and logged in by the API. */

const enrolledAtOnce = 100;

export const imeiOf = (index: number): string => {
  const digits = `00101000${String(index).padStart(6, '0')}`;
  const sum = digits.split('').reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
};

/** Tokens of `count` devices from the number `first` on, each on a vehicle of its own. */
export const enrolDevices = async (origin: string, operatorToken: string, count: number, first = 0): Promise<string[]> => {
  const post = async <T>(address: string, token: string, body: unknown): Promise<T> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(`${origin}${address}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const tokens: string[] = [];
  for (let from = 0; from < count; from += enrolledAtOnce) {
    const indexes = Array.from({ length: Math.min(enrolledAtOnce, count - from) }, (_, i) => first + from + i);
    const items = indexes.map((index) => ({
      vehicle: { vin: `TESTBENCH00${String(index).padStart(6, '0')}`, customer: 'Bench' },
      device: { imei: imeiOf(index) },
    }));
    const enrolled = await post<{ items: { secret: string }[] }>('/v1/enrolments', operatorToken, { items });
    const logins = enrolled.items.map(({ secret }, i) =>
      post<{ token: string }>('/v1/devices/login', '-', { imei: imeiOf(indexes[i] as number), secret }),
    );
    tokens.push(...(await Promise.all(logins)).map(({ token }) => token));
  }
  return tokens;
};
